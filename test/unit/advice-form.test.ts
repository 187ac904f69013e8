import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

// `Try:` is followed by one thing that can be copied whole: no second command, and no word of explanation.
const source = new URL('../../src/', import.meta.url);
const texts = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(new URL(path, source), 'utf8'));

const literal = String.raw`'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\`[^\`]*\``;

it('advises one thing', () => {
  const advice = texts.flatMap((text) =>
    [...text.matchAll(new RegExp(String.raw`\b(?:try|advice|otherwise):[^,;{}]{0,60}?(${literal})`, 'g'))].map(
      ([, one = '']) => one,
    ),
  );
  expect(advice.length).toBeGreaterThan(50);
  expect(advice.filter((one) => /, (?:or|which|with|for|then) |; (?!where the service answers 403)/.test(one))).toEqual(
    [],
  );
});
