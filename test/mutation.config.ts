import { defineConfig } from 'vitest/config';

// The tests of what is pure, for `npm run mutation`: each mutant runs those that reach it, so they start no program and no engine.
export default defineConfig({
  test: {
    include: [
      'test/unit/{choose,options,ownership,leftovers}/**/*.test.ts',
      'test/unit/forward/open-by-first-strategy.test.ts',
      'test/unit/bad-input-touches-nothing.test.ts',
      'test/unit/rules/**/*.test.ts',
    ],
  },
});
