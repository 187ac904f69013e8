import { endianness } from 'node:os';

/** The bytes of an address in `/proc/net`, where the kernel prints each four of them as a number of its own: in which order, its machine says. */
export const bytesOfWords = (hex: string, order: 'BE' | 'LE' = endianness()): number[] =>
  (hex.match(/.{8}/g) ?? []).flatMap((word) => {
    const bytes = (word.match(/../g) ?? []).map((byte) => parseInt(byte, 16));
    return order === 'LE' ? bytes.toReversed() : bytes;
  });
