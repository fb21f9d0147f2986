// `npm test`: vitest, told before it loads whether anybody watches. It decides about colours while loading, and for CI it
// decides otherwise than this project, where plain output is for pipes and CI.
if (process.stdout.isTTY !== true || (process.env.CI ?? '') !== '') process.env.NO_COLOR ??= '1';
process.argv.splice(2, 0, 'run');
await import(new URL('../node_modules/vitest/vitest.mjs', import.meta.url).href);
