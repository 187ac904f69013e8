/** One project of tests: where its files are, and how they run. */
export interface TestProject {
  /** Files, and folders with all below them. */
  readonly paths: readonly string[];
  /**
   * `private engine`: in a network, with a firewall and an engine of its own, since it looks at a whole host. `here`: beside others; what
   * touches a firewall starts an engine of its own for it.
   */
  readonly where: 'here' | 'private engine';
  /** How many files run at a time in one part: one, where they share a host. */
  readonly workers: number;
}

export const projects = {
  users: { paths: ['test/users'], where: 'private engine', workers: 1 },
  contract: { paths: ['test/contract'], where: 'private engine', workers: 1 },
  firewall: { paths: ['test/firewall'], where: 'here', workers: 1 },
  engine: { paths: ['test/engine'], where: 'private engine', workers: 1 },
  crash: { paths: ['test/crash'], where: 'private engine', workers: 1 },
  unit: { paths: ['test/unit', 'test/golden', 'test/architecture.test.ts'], where: 'here', workers: 2 },
} as const satisfies Record<string, TestProject>;

export type ProjectName = keyof typeof projects;

export const projectNames = Object.keys(projects) as ProjectName[];

/**
 * Roughly how long a file takes in a whole run, in seconds, where that is long: a project is split into parts of about equal length, and
 * the longest begin first. The end of a whole run tells the longest; what is wrong here costs balance and nothing else.
 */
export const seconds: Readonly<Record<string, number>> = {};
