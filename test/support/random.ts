/** Random numbers that can be had again. */
export interface Random {
  readonly seed: number;
  /** From `least`, up to but not `below`. */
  int(least: number, below: number): number;
}

/**
 * Numbers from a seed of its own, which it prints, or from `LHF_TEST_SEED`: a failure's rounds are the same again. What the machine does
 * between them is not.
 */
export const openRandom = (what: string, given = process.env['LHF_TEST_SEED']): Random => {
  const seed = given === undefined || given === '' ? Math.floor(Math.random() * 2 ** 32) : Number(given) >>> 0;
  console.log(`${what}: LHF_TEST_SEED=${seed}`);
  let state = seed;
  // mulberry32: 32 bits of state are enough for a few thousand rounds.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return { seed, int: (least, below) => least + (next() % (below - least)) };
};
