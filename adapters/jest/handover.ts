import { LocalhostForwardError, openLocalhostForward } from '../../src/index.ts';
import type { LocalhostForward, LocalhostForwardOptions, Ports } from '../../src/index.ts';

/** What carries the forward from Jest's parent process to its workers. */
export const handoverVariable = 'LOCALHOST_FORWARD_HANDOVER';

interface Shared {
  readonly what: string;
  readonly opening: Promise<LocalhostForward>;
  users: number;
}

const key = Symbol.for('localhost-forward.jest');
const place = globalThis as unknown as Record<symbol, Shared | undefined>;

/** Opens the forward of this Jest run, or takes the one that another project's set-up opened. */
export const openShared = async (ports: Ports, options: LocalhostForwardOptions): Promise<LocalhostForward> => {
  const what = JSON.stringify([ports, options]);
  const shared = (place[key] ??= { what, opening: openLocalhostForward(ports, options), users: 0 });
  if (shared.what !== what) {
    // Jest calls no tear-down after a failed set-up: in watch mode it may be tried again.
    forget();
    await shared.opening.then((net) => net.close()).catch(() => undefined);
    throw alreadyOther(shared.what, what);
  }
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
