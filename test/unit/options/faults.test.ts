import { describe, expect, test } from 'vitest';
import { parseCutOptions, parseSlowOptions } from '../../../src/options/faults.ts';

describe('what cut() takes', () => {
  test.each([undefined, {}, { mode: undefined }])('%o is to refuse', (options) =>
    expect(parseCutOptions(options)).toEqual({ mode: 'refuse' }),
  );

  test.each([
    [{ mode: 'off' }, "Expected `options.mode` to be one of 'refuse', 'reset', 'drop', got `\"off\"`"],
    [{ mod: 'drop' }, 'Unknown option `mod`. Did you mean `mode`?'],
    ['drop', 'Expected `options` to be an object, got `"drop"`'],
  ])('%o is refused', (options, message) =>
    expect(() => parseCutOptions(options)).toThrow(
      expect.objectContaining({ code: 'LHF_ERR_INVALID_OPTION', message }),
    ),
  );
});

describe('what slow() takes', () => {
  test('has defaults', () => {
    const none = { latencyMs: 0, jitterMs: 0, bytesPerSecond: undefined };
    expect(parseSlowOptions({ latencyMs: 200 })).toEqual({ ...none, latencyMs: 200 });
    expect(parseSlowOptions({ jitterMs: 5, bytesPerSecond: 1000 })).toEqual({
      ...none,
      jitterMs: 5,
      bytesPerSecond: 1000,
    });
  });

  const something = 'one or more of { latencyMs, jitterMs, bytesPerSecond }';
  test.each([
    [undefined, `Expected \`options\` to be ${something}, got \`undefined\``],
    [{ latencyMs: 0 }, `Expected \`options\` to be ${something}, got \`{ latencyMs: 0 }\``],
    [{ latencyMs: -1 }, 'Expected `options.latencyMs` to be an integer from 0 to 60000 milliseconds, got `-1`'],
    [{ jitterMs: 0.5 }, 'Expected `options.jitterMs` to be an integer from 0 to 60000 milliseconds, got `0.5`'],
    [{ bytesPerSecond: 0 }, 'Expected `options.bytesPerSecond` to be an integer from 1000 to 1000000000, got `0`'],
    [{ latency: 5 }, 'Unknown option `latency`. Did you mean `latencyMs`?'],
  ])('%o is refused', (options, message) =>
    expect(() => parseSlowOptions(options)).toThrow(
      expect.objectContaining({ code: 'LHF_ERR_INVALID_OPTION', message: expect.stringContaining(message) as string }),
    ),
  );
});
