/** One project of tests: where its files are, and how they run. */
export interface TestProject {
  /** Files, and folders with all below them. */
  readonly paths: readonly string[];
  /**
   * `private engine`: in a network, with a firewall and an engine of its own, since it looks at a whole host. `here`: beside others; what
   * touches a firewall starts an engine of its own for it.
   */
  readonly where: 'here' | 'private engine';
  /**
   * What the private engine is started with. Without a firewall of its own, as `iptables: false` has it, a network costs a quarter of what it does
   * with one: how ours and the engine's get on is shown by contract, firewall and attack.
   */
  readonly engine?: readonly string[];
  /** Whether its programs, and the command line, are those of dist: they begin in half the time, and are what people install. */
  readonly runsTheBuild?: true;
  /** How many files run at a time in one part: one, where they share a host. */
  readonly workers: number;
  /** Whether files share a process and its modules, which halves what they cost: none of them replaces a module. */
  readonly together?: true;
  /** How long a file takes that {@link seconds} does not name. */
  readonly usualSeconds: number;
}

const noFirewall = ['--iptables=false'];

export const projects = {
  users: {
    paths: ['test/users'],
    runsTheBuild: true,
    where: 'private engine',
    engine: noFirewall,
    workers: 1,
    usualSeconds: 5,
  },
  contract: { paths: ['test/contract'], runsTheBuild: true, where: 'private engine', workers: 1, usualSeconds: 5 },
  firewall: { paths: ['test/firewall'], runsTheBuild: true, where: 'here', workers: 1, usualSeconds: 5 },
  engine: {
    paths: ['test/engine'],
    runsTheBuild: true,
    where: 'private engine',
    engine: noFirewall,
    workers: 1,
    usualSeconds: 5,
  },
  attack: { paths: ['test/attack'], runsTheBuild: true, where: 'private engine', workers: 1, usualSeconds: 20 },
  crash: {
    paths: ['test/crash'],
    runsTheBuild: true,
    where: 'private engine',
    engine: noFirewall,
    workers: 1,
    usualSeconds: 5,
  },
  // What is generated and hostile, with traps in place of programs.
  hostile: { paths: ['test/hostile'], where: 'here', workers: 2, usualSeconds: 4 },
  unit: {
    paths: ['test/unit', 'test/golden', 'test/architecture.test.ts'],
    where: 'here',
    workers: 2,
    together: true,
    usualSeconds: 1,
  },
} as const satisfies Record<string, TestProject>;

export type ProjectName = keyof typeof projects;

export const projectNames = Object.keys(projects) as ProjectName[];

/**
 * Roughly how long a file takes in a whole run, in seconds, where that is long: a project is split into parts of about equal length, and
 * the longest begin first. The end of a whole run tells the longest; what is wrong here costs balance and nothing else.
 */
export const seconds: Readonly<Record<string, number>> = {
  'test/firewall/findings.test.ts': 75,
  'test/firewall/fronts.test.ts': 75,
  'test/firewall/passing.test.ts': 91,
  'test/contract/failures.test.ts': 89,
  'test/firewall/taken.test.ts': 60,
  'test/engine/nothing-escapes.test.ts': 76,
  'test/users/cookbook.test.ts': 73,
  'test/firewall/routes.test.ts': 69,
  'test/users/killed.test.ts': 66,
  'test/engine/programs.test.ts': 62,
  'test/contract/proof.test.ts': 59,
  'test/contract/close.test.ts': 59,
  'test/users/types.test.ts': 52,
  'test/crash/many.test.ts': 52,
  'test/crash/storm.test.ts': 47,
  'test/crash/container-rights.test.ts': 46,
  'test/users/parallel.test.ts': 46,
  'test/contract/connections.test.ts': 46,
  'test/users/vitest.test.ts': 46,
  'test/crash/raw-guard.test.ts': 45,
  'test/crash/job.test.ts': 45,
  'test/users/examples.test.ts': 45,
  'test/contract/reach.test.ts': 45,
  'test/contract/many.test.ts': 44,
  'test/engine/sudo.test.ts': 44,
  'test/crash/guardian.test.ts': 43,
  'test/users/playwright.test.ts': 42,
  'test/users/jest.test.ts': 39,
  'test/crash/guard.test.ts': 39,
  'test/users/managers.test.ts': 39,
  'test/engine/probe-faults.test.ts': 39,
  'test/engine/field.test.ts': 39,
  'test/crash/words.test.ts': 35,
  'test/firewall/firewalld.test.ts': 32,
  'test/crash/exits.test.ts': 32,
  'test/engine/explain.test.ts': 31,
  'test/firewall/transparent.test.ts': 30,
  'test/attack/hermetic.test.ts': 26,
  'test/attack/flushed.test.ts': 26,
  'test/engine/surroundings.test.ts': 26,
  'test/contract/listener.test.ts': 26,
  'test/users/failures.test.ts': 26,
  'test/firewall/unwilling.test.ts': 25,
  'test/firewall/published.test.ts': 25,
  'test/users/watch.test.ts': 23,
  'test/engine/probe-stays.test.ts': 23,
  'test/engine/hermetic.test.ts': 22,
  'test/attack/attacks.test.ts': 20,
  'test/engine/cli-run.test.ts': 20,
  'test/engine/cli.test.ts': 20,
  'test/firewall/smoke.test.ts': 20,
  'test/crash/sidecar.test.ts': 20,
  'test/crash/unseen-owner.test.ts': 20,
  'test/attack/hermetic-death.test.ts': 16,
  'test/attack/remade.test.ts': 16,
  'test/users/shared.test.ts': 16,
  'test/engine/doctor.test.ts': 16,
  'test/crash/sweep-many.test.ts': 16,
  'test/crash/close.test.ts': 16,
  'test/crash/rounds.test.ts': 16,
  'test/contract/ports.test.ts': 16,
  'test/engine/probe-turns.test.ts': 16,
  'test/engine/probe-answers.test.ts': 16,
  'test/engine/support.test.ts': 16,
  'test/engine/loopbacks.test.ts': 13,
  'test/crash/tools-image.test.ts': 13,
  'test/engine/errors.test.ts': 13,
  'test/attack/raw-guarded.test.ts': 10,
  'test/hostile/options.test.ts': 8,
  'test/attack/squatted.test.ts': 5,
};
