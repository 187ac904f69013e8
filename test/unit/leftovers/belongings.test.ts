import { describe, expect, test } from 'vitest';
import { groupByOwner } from '../../../src/leftovers/belongings.ts';
import type { Mark } from '../../../src/strategies/leftover-kind.ts';

const mark = (nonce: string, session?: string): Mark => ({
  kind: 'guard',
  name: `lhf_guard_${nonce}`,
  origin: 'nftables',
  nonce,
  session,
  bridges: [],
});

describe('whose a thing is', () => {
  test('what tells no session goes with the one session of its nonce, before or after', () => {
    const marks = [mark('aaaaa'), mark('aaaaa', 'one'), mark('bbbbb'), mark('aaaaa')];
    expect(groupByOwner(marks)).toEqual([
      { session: 'one', nonce: 'aaaaa', marks: [marks[0], marks[1], marks[3]] },
      { session: undefined, nonce: 'bbbbb', marks: [marks[2]] },
    ]);
  });

  test('where two claim one nonce, what tells no session is neither’s', () => {
    const marks = [mark('aaaaa', 'one'), mark('aaaaa', 'two'), mark('aaaaa')];
    expect(groupByOwner(marks).map(({ session }) => session)).toEqual(['one', 'two', undefined]);
  });
});
