import { defineConfig } from 'vitest/config';

// The tests of what is pure, for `npm run mutation`. Each mutant runs those that reach it, so they start no engine, and few programs.
export default defineConfig({
  test: {
    include: [
      'test/unit/{choose,options,ownership,rules}/**/*.test.ts',
      'test/unit/forward/open-by-first-strategy.test.ts',
      'test/unit/leftovers/judge.test.ts',
      'test/golden/**/*.test.ts',
    ],
  },
});
