import { describe, expect, it } from 'vitest';
import { Secret } from '../core/secret.ts';
import { fenced, html, markdown, masked, oneLine, shortened, visible } from './printable.ts';

describe('masking', () => {
  it.each([
    ['postgres://app:s3cr3t@db:5432/x', 'postgres://app:***@db:5432/x'],
    ['clickhouse://default:@host', 'clickhouse://default:@host'],
    ['Password: s3cr3t', 'Password: ***'],
    ['{"Password":"s3\\"cr3t","User":"u"}', '{"Password":"***","User":"u"}'],
    ["password='s3 cr3t' host=x", "password='***' host=x"],
    ['AWS_SECRET_ACCESS_KEY=abc', 'AWS_SECRET_ACCESS_KEY=***'],
    ['no password here', 'no password here'],
  ])('%s → %s', (text, expected) => expect(masked(text)).toBe(expected));

  it('hides known secrets wherever they stand', () => {
    expect(masked('got hunter2!', [new Secret('hunter2')])).toBe('got ***!');
  });
});

describe('text from outside', () => {
  it('cannot colour or clear the terminal', () => {
    expect(visible('a\u001b[2Jb\u009b31m\r')).toBe('a\\x1b[2Jb\\x9b31m\\x0d');
  });
  it('cannot turn the line round', () => expect(visible('a\u202eb\u200b')).toBe('a\\u202eb\\u200b'));
  it('keeps pairs of surrogates and shows lone ones', () => expect(visible('😀\ud83d')).toBe('😀\\ud83d'));
  it('stays on one line', () => expect(oneLine('a\r\nb\tc')).toBe('a\\nb\\tc'));
  it('is no HTML', () => expect(html('<a href="x">&')).toBe('&lt;a href=&quot;x&quot;&gt;&amp;'));
  it('is no Markdown', () =>
    expect(markdown('|a| <b> `c` [d](e) @f #1')).toBe('\\|a\\| &lt;b&gt; \\`c\\` \\[d\\](e) &#64;f \\#1'));
  it('cannot end its own fence', () => expect(fenced('```\nx').split('\n')[0]).toBe('````text'));
  it('is cut in the middle and says so', () => {
    const cut = shortened('x'.repeat(1000), 100);
    expect(cut.length).toBeLessThan(110);
    expect(cut).toContain('924 characters');
  });
});
