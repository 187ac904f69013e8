import { setTimeout as delay } from 'node:timers/promises';
import Docker from 'dockerode';
import { sweep } from 'localhost-forward';
import { spawnScript } from '../../support/children.ts';
import { renderDifference, takeSnapshot } from '../../support/host-snapshot.ts';
import { listenTcp } from '../../support/services.ts';
import { openRandom } from '../../support/random.ts';
import { until } from '../../support/until.ts';
import { cacheCompilation } from '../compile-cache.ts';
import { look, type Sight } from './witness.ts';

/** How one process's death went, in milliseconds after it. */
export interface Death {
  readonly strategy: string;
  /** The last thing that it had said. */
  readonly at: string;
  /** Until no rule of it was seen any more, and every bridge of it was shut. */
  readonly closedAfter: number;
  /** Until nothing of it was seen any more; undefined where it took a sweep. */
  readonly goneAfter: number | undefined;
}

export interface Storm {
  readonly deaths: readonly Death[];
  /** What differs on the host, empty when all is as before. */
  readonly difference: string;
}

export interface StormOptions {
  readonly kills: number;
  readonly parallel: number;
  /** The rest between two looks: what is measured can be no finer, and looking takes a share of the machine. */
  readonly lookEveryMs: number;
  readonly onDeath?: (death: Death) => void;
}

/** Kills processes at random moments of their lives, and watches what stays of each. */
export const runStorm = async ({ kills, parallel, lookEveryMs, onDeath }: StormOptions): Promise<Storm> => {
  const docker = new Docker();
  const random = openRandom('storm');
  cacheCompilation();
  await using service = await listenTcp();
  const before = await takeSnapshot();
  const witness = startWitness(docker, lookEveryMs);
  const deaths: Death[] = [];
  const lane = async (): Promise<void> => {
    while (started < kills) {
      const victim = { n: (started += 1), port: service.port, livesMs: random.int(0, 1_000) };
      const death = await killOne(docker, witness, victim);
      deaths.push(death);
      onDeath?.(death);
    }
  };
  let started = 0;
  await Promise.all(Array.from({ length: parallel }, lane));
  let difference = 'no look came to its end';
  // The last user's container may still be going.
  await until(async () => (difference = renderDifference(before, await takeSnapshot())) === '', { everyMs: 200 }).catch(
    () => undefined,
  );
  return { deaths, difference };
};

interface Victim {
  readonly n: number;
  /** Of the service that it forwards to. */
  readonly port: number;
  /** How long it lives once it has started, in milliseconds. */
  readonly livesMs: number;
}

/** A guardian that hangs would keep a storm for ever. */
const hangsAfterMs = 120_000;

const killOne = async (docker: Docker, witness: Witness, { n, port, livesMs }: Victim): Promise<Death> => {
  const strategy = n % 2 === 0 ? 'nftables' : 'iptables';
  // Every third has a container of its own on the network, which must survive.
  const container = n % 3 === 0 ? `storm-${process.pid}-${n}` : '-';
  const victim = spawnScript({ file: 'test/crash/storm/victim.ts', args: [strategy, String(port), container] });
  const pid = victim.process.pid ?? 0;
  await victim.waitForLine('started', { timeoutMs: 30_000 });
  await delay(livesMs);
  await victim.kill('SIGKILL');
  const diedAt = performance.now();
  const describeLeft = ({ open, processes, rest }: Sight): string =>
    `left by ${strategy} process ${pid} after '${victim.lines.at(-1)}': ${[...open, ...processes, ...rest].join(', ')}`;
  let closedAfter = 0;
  let goneAfter: number | undefined;
  let wasOver = false;
  for (;;) {
    const { sight, at } = await witness.next(pid);
    if (sight.open.length > 0) closedAfter = at - diedAt;
    if (sight.open.length + sight.processes.length + sight.rest.length === 0) {
      goneAfter = at - diedAt;
      break;
    }
    if (at - diedAt > hangsAfterMs) throw new Error(describeLeft(sight));
    // A look that began before the last of them had ended may show what is gone by now.
    if (sight.processes.length > 0 || !wasOver) {
      wasOver = sight.processes.length === 0;
      continue;
    }
    // Nobody of its own is left to do it: whoever comes next takes it away. Rules and open bridges are not left to anybody.
    if (sight.open.length > 0) throw new Error(describeLeft(sight));
    await sweep();
    const { sight: swept } = await witness.next(pid);
    if (swept.open.length + swept.rest.length > 0) throw new Error(describeLeft(swept));
    break;
  }
  if (container !== '-') await removeSurvivor(docker, container, victim.lines.includes('attached'));
  return { strategy, at: victim.lines.at(-1) ?? '', closedAfter, goneAfter };
};

const removeSurvivor = async (docker: Docker, name: string, mustExist: boolean): Promise<void> => {
  try {
    await docker.getContainer(name).remove({ force: true });
  } catch (error) {
    const gone = (error as { statusCode?: number }).statusCode === 404;
    if (!gone || mustExist) throw new Error(`the user's container ${name} did not survive`, { cause: error });
  }
};

interface Witness {
  /** What a look that begins from now on sees of one process, and when it had ended. */
  next(pid: number): Promise<{ sight: Sight; at: number }>;
}

// One look serves all who wait: a look costs several processes itself.
const startWitness = (docker: Docker, everyMs: number): Witness => {
  let pending: Promise<{ see: (pid: number) => Sight; at: number }> | undefined;
  let running: Promise<unknown> = Promise.resolve();
  const fresh = (): NonNullable<typeof pending> =>
    (pending ??= running.then(async () => {
      pending = undefined;
      const looking = look(docker);
      running = looking.then(() => delay(everyMs)).catch(() => undefined);
      return { see: await looking, at: performance.now() };
    }));
  return {
    next: async (pid) => {
      const { see, at } = await fresh();
      return { sight: see(pid), at };
    },
  };
};

/** A few figures for people. */
export const describeStorm = ({ deaths, difference }: Storm): string => {
  const line = (strategy: string): string => {
    const own = deaths.filter((death) => death.strategy === strategy);
    const closed = own.map(({ closedAfter }) => closedAfter).toSorted((a, b) => a - b);
    const gone = own.map(({ goneAfter }) => goneAfter ?? Infinity).toSorted((a, b) => a - b);
    const at = (times: readonly number[], share: number): string =>
      (times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0).toFixed(0);
    return `${strategy}: ${own.length} killed; closed after ${at(closed, 0.5)} ms (95 %: ${at(closed, 0.95)}, at most ${at(closed, 1)}), all gone after ${at(gone, 0.5)} ms (95 %: ${at(gone, 0.95)}, at most ${at(gone, 1)})`;
  };
  const swept = deaths.filter(({ goneAfter }) => goneAfter === undefined).length;
  return [
    line('nftables'),
    line('iptables'),
    `left to a sweep: ${swept}`,
    difference === '' ? 'the host is as it was' : difference,
  ].join('\n');
};
