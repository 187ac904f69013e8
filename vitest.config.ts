import { defineConfig } from 'vitest/config';

// What touches the engine or the firewall runs one file at a time: the host is one, and so are its rules.
const project = (name: string, include: string[], parallel = false) => ({
  test: {
    name,
    include,
    environment: 'node',
    pool: 'forks' as const,
    fileParallelism: parallel,
    maxWorkers: parallel ? 2 : 1,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    retry: 0,
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', ['test/unit/**/*.test.ts', 'test/golden/**/*.test.ts', 'test/architecture.test.ts'], true),
      project('engine', ['test/engine/**/*.test.ts']),
      project('users', ['test/users/**/*.test.ts']),
      project('crash', ['test/crash/**/*.test.ts']),
      project('firewall', ['test/firewall/**/*.test.ts']),
    ],
  },
});
