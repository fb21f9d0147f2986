/** Bytes of a column's character set as text: the binary log holds values as the table stores them. */
import iconv from 'iconv-lite';

/** MySQL's name → the library's. `latin1` is Windows-1252 whose five unused bytes stand for themselves (manual, 12.10.2). */
const ENCODINGS: Readonly<Record<string, string>> = {
  ascii: 'latin1', utf8mb3: 'utf8', utf8mb4: 'utf8', utf8: 'utf8', ucs2: 'utf16-be', utf16: 'utf16-be',
  utf16le: 'utf16-le', utf32: 'utf32-be', latin2: 'iso-8859-2', latin5: 'iso-8859-9', latin7: 'iso-8859-13',
  cp1250: 'cp1250', cp1251: 'cp1251', cp1256: 'cp1256', cp1257: 'cp1257', cp850: 'cp850', cp852: 'cp852',
  cp866: 'cp866', greek: 'iso-8859-7', hebrew: 'iso-8859-8', koi8r: 'koi8-r', koi8u: 'koi8-u', tis620: 'tis620',
  gbk: 'gbk', gb2312: 'gb2312', gb18030: 'gb18030', big5: 'big5', sjis: 'shift_jis', cp932: 'shift_jis',
  ujis: 'euc-jp', eucjpms: 'euc-jp', euckr: 'euc-kr', macroman: 'macroman',
}; // prettier-ignore

export function isKnown(charset: string): boolean {
  return charset === 'latin1' || charset === 'binary' || charset in ENCODINGS;
}

/** @param charset one that `isKnown`. */
export function decodeText(bytes: Buffer, charset: string): string {
  if (charset === 'latin1') return windows1252(bytes);
  const encoding = ENCODINGS[charset] ?? 'utf8';
  return encoding === 'utf8' ? bytes.toString('utf8') : iconv.decode(bytes, encoding);
}

const HIGH = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

function windows1252(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replaceAll(/[\u0080-\u009f]/g, (character) => HIGH[character.charCodeAt(0) - 0x80] ?? character);
}
