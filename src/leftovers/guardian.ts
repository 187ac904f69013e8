/**
 * The program that a holder's shell ends as when its process is gone: `node guardian <session> <bridge>…` removes what that
 * session left. The rules are gone by then and `route_localnet` is off. The session is dead by definition (its pipe ended), so
 * nobody asks whether its process lives: it may have been a worker thread.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type Docker from 'dockerode';
import { openDocker, type Engine } from '../engine/engine.ts';
import { findEngineMarks } from './engine-marks.ts';
import { findKernelMarks } from './find.ts';
import type { Found } from './leftover.ts';
import { removeFound } from './remove.ts';
import { privilegesOf, type Privileges } from '../privilege/privileges.ts';

/** How long a network may still appear that the engine was asked for before the death, in milliseconds. */
const watchMs = 2_000;
const lookEveryMs = 100;
/** An engine that hangs must not keep this program, in milliseconds. */
const hardLimitMs = 10_000;

interface Tools {
  readonly engine: Pick<Engine, 'docker'>;
  readonly privileges: Privileges;
}

const guard = async (session: string, bridges: readonly string[]): Promise<void> => {
  const docker = await openDocker(JSON.parse(process.env['LOCALHOST_FORWARD_ENGINE'] ?? '{}') as Docker.DockerOptions);
  const tools: Tools = {
    engine: { docker },
    privileges: privilegesOf({ kind: process.getuid?.() === 0 ? 'root' : 'sudo' }),
  };
  // What lets packets through goes at once; a guard stays until its network is gone.
  const [{ awaited, underWay }] = await Promise.all([
    removeNetworks(session, bridges, tools),
    removeRules(session, bridges, tools, (kind) => kind !== 'guard'),
  ]);
  // Probe containers that were being created when their network went.
  if (awaited === 0) await removeEngineObjects(session, tools);
  await removeRules(session, bridges, tools, () => true);
  await underWay;
};

/**
 * Looks until each bridge's network was seen and removed: the engine may finish one after the death. Returns how many have not gone
 * by the end of the watch, and the last look, which a busy engine may take its time for.
 */
const removeNetworks = async (
  session: string,
  bridges: readonly string[],
  tools: Tools,
): Promise<{ awaited: number; underWay: Promise<unknown> }> => {
  const awaited = new Set(bridges);
  for (;;) {
    const underWay = removeEngineObjects(session, tools);
    const late = delay(Math.max(0, watchMs - performance.now()), []);
    for (const bridge of await Promise.race([underWay, late])) awaited.delete(bridge);
    if (awaited.size === 0 || performance.now() >= watchMs) return { awaited: awaited.size, underWay };
    await delay(lookEveryMs);
  }
};

const removeRules = async (
  session: string,
  bridges: readonly string[],
  tools: Tools,
  wants: (kind: Found['kind']) => boolean,
): Promise<void> => {
  const marks = await findKernelMarks(tools.privileges);
  const ours = marks.filter(
    (one) => (one.session ?? session) === session && bridges.includes(one.bridge) && wants(one.kind),
  );
  const groups = Map.groupBy(ours, ({ bridge }) => bridge);
  // At once: nft takes care of order itself, and those who write iptables' rules take turns.
  await Promise.all([...groups].map(([bridge, members]) => removeFound(bridge, members, tools)));
};

/** Bridges whose network is removed. An engine that does not answer is asked again by the next look. */
const removeEngineObjects = async (session: string, tools: Tools): Promise<string[]> => {
  const found = await findEngineMarks(tools.engine, session).catch((): Found[] => []);
  const groups = Map.groupBy(found, ({ bridge }) => bridge);
  const outcomes = await Promise.all([...groups].map(([bridge, members]) => removeFound(bridge, members, tools)));
  return outcomes
    .flat()
    .flatMap(({ found: one, failure }) => (one.kind === 'network' && failure === undefined ? [one.bridge] : []));
};

const [session = '', ...bridges] = process.argv.slice(2);
setTimeout(() => process.exit(0), hardLimitMs);
// Whatever happens: nobody reads what it says, and it must not stay.
await guard(session, bridges).catch(() => undefined);
process.exit(0);
