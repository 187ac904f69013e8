import { expect, test } from 'vitest';
import { bytesOfWords } from '../../../src/host/words.ts';

// As Linux prints 127.0.0.1 and ::ffff:127.0.0.1 on x86-64, and on s390x.
test.each([
  ['LE', '0100007F', [127, 0, 0, 1]],
  ['BE', '7F000001', [127, 0, 0, 1]],
  ['LE', '0000000000000000FFFF00000100007F', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1]],
  ['BE', '00000000000000000000FFFF7F000001', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1]],
] as const)('by %s, %s', (order, hex, bytes) => expect(bytesOfWords(hex, order)).toEqual(bytes));
