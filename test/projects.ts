/** One project of tests: which files it has, and how they run. */
export interface TestProject {
  readonly files: readonly string[];
  /**
   * `private engine`: in a network, with a firewall and an engine of its own, since it looks at a whole host. `here`: beside others; what
   * touches a firewall starts an engine of its own for it.
   */
  readonly where: 'here' | 'private engine';
  /** Into how many parts it is split, each with a place of its own. */
  readonly parts: number;
  /** How many files run at a time in one part: one, where they share a host. */
  readonly workers: number;
}

/** All projects; those that take longest come first, so that all lanes end at about one time. */
export const projects = {
  users: { files: ['test/users/**/*.test.ts'], where: 'private engine', parts: 3, workers: 1 },
  contract: { files: ['test/contract/**/*.test.ts'], where: 'private engine', parts: 3, workers: 1 },
  firewall: { files: ['test/firewall/**/*.test.ts'], where: 'here', parts: 2, workers: 1 },
  engine: { files: ['test/engine/**/*.test.ts'], where: 'private engine', parts: 2, workers: 1 },
  crash: { files: ['test/crash/**/*.test.ts'], where: 'private engine', parts: 2, workers: 1 },
  unit: {
    files: ['test/unit/**/*.test.ts', 'test/golden/**/*.test.ts', 'test/architecture.test.ts'],
    where: 'here',
    parts: 1,
    workers: 2,
  },
} as const satisfies Record<string, TestProject>;

export type ProjectName = keyof typeof projects;

export const projectNames = Object.keys(projects) as ProjectName[];
