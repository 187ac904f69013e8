import { describe, expect, test } from 'vitest';
import { parseCutOptions } from '../../../src/options/faults.ts';

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
