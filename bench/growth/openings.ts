import type { LocalhostForward, Strategy } from '../../src/index.ts';
import { startCaller } from '../support/caller.ts';
import { createBare, docker } from '../support/engine.ts';
import { median, ratiosOf, timed } from '../support/figures.ts';
import { closeMany, openUnverified } from '../support/forwards.ts';
import { bound, none, section, tell } from '../support/report.ts';

/** The first and the last so many openings are compared. */
const compared = 20;

/**
 * Whether opening costs the same however many forwards are open. A bare network is created, and removed, beside each opening:
 * what the engine itself costs at that number. At the end each forward is dialled through.
 */
export const measureOpenings = async (
  strategy: Strategy,
  { count, port }: { count: number; port: number },
): Promise<void> => {
  const bare: number[] = [];
  const ours: number[] = [];
  const nets: LocalhostForward[] = [];
  const creation = async (): Promise<void> => {
    const [ms, network] = await timed(createBare);
    bare.push(ms);
    await network.remove();
  };
  // What the first opening of a process loads is not growth.
  await (await openUnverified(strategy, port)).close();
  await (await createBare()).remove();
  for (let n = 0; n < count; n += 1) {
    if (n % 2 === 0) await creation();
    const [ms, net] = await timed(() => openUnverified(strategy, port));
    ours.push(ms);
    nets.push(net);
    if (n % 2 === 1) await creation();
  }

  const size = Math.min(compared, Math.floor(count / 2));
  const [firstBare, lastBare] = [bare.slice(0, size), bare.slice(-size)];
  const [firstOurs, lastOurs] = [ours.slice(0, size), ours.slice(-size)];
  const firstRatio = median(firstOurs) / median(firstBare);
  section(`${count} openings of ${strategy}, one after the other`);
  tell(`the first ${size}`, firstOurs, 'ms');
  tell('bare networks beside them', firstBare, 'ms');
  tell('ours : bare', ratiosOf(firstOurs, firstBare), 'x');
  tell(`the last ${size}`, lastOurs, 'ms');
  tell('bare networks beside them', lastBare, 'ms');
  tell('ours : bare', ratiosOf(lastOurs, lastBare), 'x');
  tell('ours beyond bare, first', [median(firstOurs) - median(firstBare)], 'ms');
  tell('ours beyond bare, last', [median(lastOurs) - median(lastBare)], 'ms');
  const growth = lastOurs.map((ms) => ms / median(lastBare) / firstRatio);
  bound("growth, the engine's own taken out", growth, { most: 1.3 });
  none('forwards that a container does not reach', await dialAll(nets, port));
  await closeMany(nets);
};

/** One container visits each network and dials its gateway. Returns what failed. */
const dialAll = async (nets: readonly LocalhostForward[], port: number): Promise<string[]> => {
  const [first] = nets;
  if (first === undefined) return ['nothing is open'];
  const caller = await startCaller(first.networkName);
  const failures: string[] = [];
  for (const net of nets) {
    const network = docker.getNetwork(net.networkId);
    if (net !== first) await network.connect({ Container: caller.id });
    await caller.connections(net.gateway, port, 1).catch((error: unknown) => failures.push(String(error)));
    if (net !== first) await network.disconnect({ Container: caller.id, Force: true });
  }
  await caller.remove();
  return failures;
};
