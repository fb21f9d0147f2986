// Prints how many tests passed and how many failed, from a JUnit file as vitest writes it.
import { readFileSync } from 'node:fs';

const [file = 'reports/junit.xml'] = process.argv.slice(2);
const [, head] = /<testsuites\b([^>]*)>/.exec(readFileSync(file, 'utf8')) ?? [];
if (head === undefined) throw new Error(`${file} has no <testsuites>: was the run cut short?`);

const number = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
const skipped = [...readFileSync(file, 'utf8').matchAll(/<skipped\b/g)].length;
const failed = number('failures') + number('errors');
console.log(number('tests') - failed - skipped, failed);
