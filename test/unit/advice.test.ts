import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { listAdvice } from '../support/advice-in-source.ts';
import { commands, done, forPeople } from '../support/advice-ledger.ts';

test('each piece of advice is done by a test, or only a person can do it', () => {
  const known = [commands, done, forPeople].flatMap((ledger) => Object.keys(ledger));
  const told = listAdvice(['src', 'adapters']).map(({ text }) => text);
  expect({ unknown: told.filter((text) => !known.includes(text)), gone: known.filter((text) => !told.includes(text)) }) //
    .toEqual({ unknown: [], gone: [] });
  expect(known.length).toBe(new Set(known).size);
});

test.each(Object.entries(done))('%s: a test does it', (_, [file, title]) => {
  expect(readFileSync(file, 'utf8')).toContain(title);
});
