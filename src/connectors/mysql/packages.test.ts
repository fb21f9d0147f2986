import { expect, test } from 'vitest';
import { deb822, oneLine } from './packages.ts';

test('sources in stanzas: the first place, all suites, the key that signs', () => {
  const text = [
    '# a comment',
    'Types: deb deb-src',
    'URIs: http://mirror.example/debian http://other.example/debian',
    'Suites: trixie trixie-updates',
    'Components: main contrib',
    'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg',
    '',
    'Types: deb-src',
    'URIs: http://mirror.example/sources',
    'Suites: trixie',
  ].join('\n');
  expect(deb822(text)).toEqual([
    {
      uri: 'http://mirror.example/debian',
      suites: ['trixie', 'trixie-updates'],
      components: 'main contrib',
      options: '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ',
    },
  ]);
});

test('sources of one line, with and without options', () => {
  const text = [
    'deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/ubuntu noble main universe # ours',
    'deb-src http://mirror.example/ubuntu noble main',
    '  deb http://mirror.example/ubuntu noble-updates main',
    '# deb http://gone.example/ubuntu noble main',
  ].join('\n');
  expect(oneLine(text)).toEqual([
    {
      uri: 'http://mirror.example/ubuntu',
      suites: ['noble'],
      components: 'main universe',
      options: '[arch=amd64 signed-by=/k.gpg] ',
    },
    { uri: 'http://mirror.example/ubuntu', suites: ['noble-updates'], components: 'main', options: '' },
  ]);
});
