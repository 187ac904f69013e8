import { describe, expect, test } from 'vitest';
import { assertForwardOptions, parseOpenArguments } from '../../../src/options/options.ts';
import { badInputs, firstLineFor } from '../support/bad-input.ts';
import { refusalOf } from '../support/refusal.ts';

describe('what is refused', () => {
  test.each(badInputs.map((row, index) => ({ index, ...row })))(
    '$index: $message',
    ({ ports, options, env = {}, message }) => {
      const error = refusalOf(() => parseOpenArguments(ports, options, env));
      expect(error.code).toBe('LHF_ERR_INVALID_OPTION');
      expect(firstLineFor(message, error)).toBe(message);
    },
  );

  test.each([
    [{ ports: 8088, options: { scpoe: 'file' } }, 'Unknown option `scpoe`. Did you mean `scope`?'],
    [{ ports: undefined, options: { scop: 'file' } }, 'Unknown option `scop`. Did you mean `scope`?'],
    [{ ports: undefined, options: { scope: 'file' } }, 'Expected `ports` to be '],
  ])('of who knows names beside, %o: %s', ({ ports, options }, message) => {
    const place = { ports: 'ports', options: 'options', also: ['scope'] };
    expect(refusalOf(() => assertForwardOptions(ports, options, place)).message).toContain(message);
  });

  test('what a getter threw is the cause', () => {
    const error = refusalOf(() =>
      parseOpenArguments(
        {
          get hostPort(): number {
            throw new Error('from the getter');
          },
        },
        undefined,
        {},
      ),
    );
    expect(error.cause).toMatchObject({ message: 'from the getter' });
  });

  test('long texts are cut', () => {
    const error = refusalOf(() => parseOpenArguments(80, { hostname: `${'a'.repeat(1e6)}!` }, {}));
    refusalOf(() => parseOpenArguments(80, { verify: { image: `${'a-'.repeat(255)}!` } }, {}));
    refusalOf(() => parseOpenArguments(80, { ['x'.repeat(1e6)]: 1 }, {}));
    expect(error.message.length).toBeLessThan(300);
  });
});
