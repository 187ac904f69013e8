import { describe, expect, test } from 'vitest';
import { readContainer } from '../../../src/forward/localhosts.ts';

describe('what joinLocalhost() takes', () => {
  test.each(['web', '0123abcdef', { getId: () => 'web' }])('%o', (container) =>
    expect(readContainer(container)).toMatch(/^(web|0123abcdef)$/),
  );

  test.each([undefined, null, '', '../web', 'a b', 7, {}, { getId: () => 7 }])('%o is refused', (container) =>
    expect(() => readContainer(container)).toThrow(expect.objectContaining({ code: 'LHF_ERR_INVALID_OPTION' })),
  );
});
