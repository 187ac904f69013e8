import { LocalhostForwardError, openLocalhostForward } from '../../src/index.ts';
import type { LocalhostForward, LocalhostForwardOptions, Ports } from '../../src/index.ts';

/** What carries the forward from Jest's parent process to its workers. */
export const handoverVariable = 'LOCALHOST_FORWARD_HANDOVER';

interface Shared {
  readonly what: string;
  readonly opening: Promise<LocalhostForward>;
  /** Those that opened it, each once in a run, and how many of them are not done yet. */
  readonly projects: Set<unknown>;
  users: number;
}

const key = Symbol.for('localhost-forward.jest');
const place = globalThis as unknown as Record<symbol, Shared | undefined>;

/**
 * Opens the forward of this Jest run, or takes the one that another project's set-up opened.
 *
 * @param project - Whose set-up asks. One that asks again is of the next run in watch mode: Jest calls no tear-down after a failed set-up.
 */
export const openShared = async (
  project: unknown,
  ports: Ports,
  options: LocalhostForwardOptions,
): Promise<LocalhostForward> => {
  if (place[key]?.projects.has(project) === true) await abandon(place[key]);
  const what = JSON.stringify([ports, options]);
  const shared = (place[key] ??= {
    what,
    opening: openLocalhostForward(ports, options),
    projects: new Set(),
    users: 0,
  });
  if (shared.what !== what) {
    await abandon(shared);
    throw alreadyOther(shared.what, what);
  }
  shared.projects.add(project);
  shared.users += 1;
  try {
    const net = await shared.opening;
    process.env[handoverVariable] = JSON.stringify(net);
    return net;
  } catch (error) {
    forget();
    throw error;
  }
};

const abandon = async ({ opening }: Shared): Promise<void> => {
  forget();
  await opening.then((net) => net.close()).catch(() => undefined);
};

const forget = (): void => {
  place[key] = undefined;
  delete process.env[handoverVariable];
};

/** Closes it when the last project that opened it is done. */
export const closeShared = async (): Promise<void> => {
  const shared = place[key];
  if (shared === undefined || (shared.users -= 1) > 0) return;
  forget();
  await (await shared.opening).close();
};

const alreadyOther = (first: string, second: string): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
    what: 'Expected all projects of one Jest run to have the same `testEnvironmentOptions.localhostForward`',
    evidence: [`open already: ${first}`, `asked for: ${second}`],
    try: 'name all ports in each project, or useLocalhostForward(ports) in the files that need others',
  });
