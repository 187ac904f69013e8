import { defineConfig } from 'vitest/config';
import { projectNames, projects, type TestProject } from './test/projects.ts';

export default defineConfig({
  test: {
    projects: projectNames.map((name) => {
      const { paths, workers, together, runsTheBuild }: TestProject = projects[name];
      return {
        test: {
          name,
          include: paths.map((path) => (path.endsWith('.ts') ? path : `${path}/**/*.test.ts`)),
          environment: 'node',
          pool: 'forks' as const,
          isolate: together !== true,
          fileParallelism: workers > 1,
          maxWorkers: workers,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          retry: 0,
          // A difference between two hosts is the evidence, whole.
          chaiConfig: { truncateThreshold: 0 },
          globalSetup: [
            ...(runsTheBuild ? ['test/support/fresh-build.ts'] : []),
            ...(name === 'contract' ? ['test/contract/stand-in-sudo.ts', 'test/contract/tunnel-image.ts'] : []),
          ],
        },
      };
    }),
  },
});
