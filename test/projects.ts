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
   * Files that show how our rules and those of the engine get on. To the others their private engine writes none, as `iptables: false` has it: a
   * network costs a quarter of what it does with them.
   */
  readonly besideEngineRules?: readonly string[];
  /** Whether its programs, and the command line, are those of dist: they begin in half the time, and are what people install. */
  readonly runsTheBuild?: true;
  /** How many files run at a time in one part: one, where they share a host. */
  readonly workers: number;
  /** Whether files share a process and its modules, which halves what they cost: none of them replaces a module. */
  readonly together?: true;
  /** How long a file takes that {@link seconds} does not name. */
  readonly usualSeconds: number;
}

export const projects = {
  users: {
    paths: ['test/users'],
    runsTheBuild: true,
    where: 'private engine',
    workers: 1,
    usualSeconds: 5,
  },
  contract: {
    paths: ['test/contract'],
    runsTheBuild: true,
    where: 'private engine',
    besideEngineRules: [
      'test/contract/close.test.ts',
      'test/contract/many.test.ts',
      'test/contract/networks.test.ts',
      'test/contract/ports.test.ts',
      'test/contract/proof.test.ts',
      'test/contract/reach.test.ts',
      'test/contract/udp.test.ts',
      'test/contract/userland-proxy.test.ts',
    ],
    workers: 1,
    usualSeconds: 5,
  },
  firewall: { paths: ['test/firewall'], runsTheBuild: true, where: 'here', workers: 1, usualSeconds: 5 },
  engine: {
    paths: ['test/engine'],
    runsTheBuild: true,
    where: 'private engine',
    workers: 1,
    usualSeconds: 5,
  },
  attack: {
    paths: ['test/attack'],
    runsTheBuild: true,
    where: 'private engine',
    besideEngineRules: ['test/attack'],
    workers: 1,
    usualSeconds: 20,
  },
  crash: {
    paths: ['test/crash'],
    runsTheBuild: true,
    where: 'private engine',
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
 * Files that a plain `script/test` leaves to `script/test --whole`, and to whoever names their project: each promise is shown without them.
 * They show it again where hosts, runners and firewalls are odd, or are of other generations.
 */
export const wholeRunsOnly: readonly string[] = [
  // Hosts of the field: what programs, processes, routes and time do there.
  'test/crash/tools-image.test.ts',
  'test/crash/unseen-owner.test.ts',
  'test/crash/words.test.ts',
  'test/crash/sweep-many.test.ts',
  'test/engine/field.test.ts',
  'test/engine/probe-faults.test.ts',
  'test/engine/probe-turns.test.ts',
  'test/engine/programs.test.ts',
  'test/engine/sudo.test.ts',
  'test/engine/surroundings.test.ts',
  // Each call of the engine's, failed in each way.
  'test/engine/nothing-escapes.test.ts',
  // Firewalls beyond those that drop what comes in, and what else of a host's network stands before a forward.
  'test/firewall/firewalld.test.ts',
  'test/firewall/fronts.test.ts',
  'test/firewall/published.test.ts',
  'test/firewall/routes.test.ts',
  'test/firewall/smoke.test.ts',
  'test/firewall/taken.test.ts',
  'test/firewall/transparent.test.ts',
  'test/firewall/unwilling.test.ts',
  // What runners are killed by and run beside, package managers, and each recipe with the real thing.
  'test/users/cookbook.test.ts',
  'test/users/killed.test.ts',
  'test/users/managers.test.ts',
  'test/users/surroundings.test.ts',
  'test/users/watch.test.ts',
];

/**
 * Roughly how long a file takes in a whole run, in seconds, where that is long: a project is split into parts of about equal length, and
 * the longest begin first. The end of a whole run tells the longest; what is wrong here costs balance and nothing else.
 */
export const seconds: Readonly<Record<string, number>> = {
  'test/firewall/passing.test.ts': 105,
  'test/contract/failures.test.ts': 100,
  'test/contract/close.test.ts': 76,
  'test/engine/programs.test.ts': 75,
  'test/users/killed.test.ts': 71,
  'test/engine/nothing-escapes.test.ts': 71,
  'test/firewall/findings.test.ts': 68,
  'test/users/examples.test.ts': 67,
  'test/contract/proof.test.ts': 66,
  'test/users/cookbook.test.ts': 64,
  'test/firewall/routes.test.ts': 59,
  'test/firewall/taken.test.ts': 55,
  'test/users/parallel.test.ts': 50,
  'test/crash/job.test.ts': 49,
  'test/crash/raw-guard.test.ts': 47,
  'test/crash/guard.test.ts': 47,
  'test/firewall/fronts.test.ts': 46,
  'test/crash/container-rights.test.ts': 46,
  'test/contract/reach.test.ts': 45,
  'test/users/jest.test.ts': 45,
  'test/users/surroundings.test.ts': 44,
  'test/engine/cli.test.ts': 43,
  'test/contract/connections.test.ts': 42,
  'test/contract/many.test.ts': 42,
  'test/crash/storm.test.ts': 42,
  'test/users/types.test.ts': 40,
  'test/engine/sudo.test.ts': 39,
  'test/users/playwright.test.ts': 38,
  'test/crash/guardian.test.ts': 37,
  'test/engine/surroundings.test.ts': 36,
  'test/users/managers.test.ts': 34,
  'test/contract/listener.test.ts': 34,
  'test/users/vitest.test.ts': 32,
  'test/firewall/smoke.test.ts': 31,
  'test/contract/ports.test.ts': 31,
  'test/crash/tools-image.test.ts': 30,
  'test/engine/hermetic.test.ts': 30,
  'test/crash/shared-chain.test.ts': 28,
  'test/firewall/published.test.ts': 26,
  'test/firewall/firewalld.test.ts': 24,
  'test/engine/cli-run.test.ts': 24,
  'test/engine/probe-faults.test.ts': 24,
  'test/crash/words.test.ts': 23,
  'test/attack/hermetic.test.ts': 23,
  'test/attack/flushed.test.ts': 23,
  'test/engine/explain.test.ts': 22,
  'test/engine/field.test.ts': 21,
  'test/firewall/unwilling.test.ts': 21,
  'test/contract/udp.test.ts': 21,
  'test/attack/hermetic-death.test.ts': 20,
  'test/contract/faults.test.ts': 20,
  'test/users/compose.test.ts': 20,
  'test/crash/exits.test.ts': 20,
  'test/users/shared.test.ts': 18,
  'test/crash/unseen-owner.test.ts': 18,
  'test/engine/doctor.test.ts': 18,
  'test/engine/probe-turns.test.ts': 17,
  'test/firewall/transparent.test.ts': 17,
  'test/engine/probe-stays.test.ts': 17,
  'test/engine/loopbacks.test.ts': 16,
  'test/contract/callers.test.ts': 15,
  'test/engine/tunnel.test.ts': 15,
  'test/users/failures.test.ts': 14,
  'test/contract/localhost.test.ts': 14,
  'test/engine/support.test.ts': 13,
  'test/contract/userland-proxy.test.ts': 13,
  'test/attack/remade.test.ts': 13,
  'test/crash/sweep-many.test.ts': 13,
  'test/crash/many.test.ts': 12,
  'test/crash/sidecar.test.ts': 12,
  'test/users/watch.test.ts': 12,
  'test/users/readme.test.ts': 10,
  'test/engine/errors.test.ts': 10,
  'test/contract/idle.test.ts': 10,
  'test/engine/forged.test.ts': 9,
  'test/engine/probe-answers.test.ts': 9,
  'test/crash/close.test.ts': 9,
  'test/unit/proof/witness.test.ts': 8,
  'test/crash/faults.test.ts': 8,
  'test/crash/rounds.test.ts': 8,
};
