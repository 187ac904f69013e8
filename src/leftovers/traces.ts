import { connectEngine } from '../engine/engine.ts';
import { coded } from '../host/coded.ts';
import { interfaceExists } from '../host/kernel.ts';
import { privilegesOf } from '../privilege/privileges.ts';
import { strategyNamed } from '../strategies/all.ts';
import type { LeftoverKind, LeftoverTools, Mark } from '../strategies/leftover-kind.ts';
import type { LocalhostForward } from '../types.ts';
import { containers, networks } from './engine-kinds.ts';
import type { Leftover } from './leftover.ts';
import { read, reasonOf } from './look.ts';
import { listShared } from './shared.ts';

/** How a forward tells which engine it is on, without showing it to users. */
export const engineOption = Symbol.for('localhost-forward.engine-option');

/** What of a forward is looked for: an open or closed one, or what was handed over. */
export type Traced = Pick<LocalhostForward, 'networkName' | 'bridgeName' | 'strategy' | 'privilege'>;

/**
 * What of a forward is on this host now, asked of the engine and the kernel, a line each: all of it while it is open, nothing
 * after `close()`.
 *
 * @throws LHF_ERR_DOCKER_UNAVAILABLE where the engine cannot be asked.
 *
 * @example
 * await net.close();
 * for (const trace of await findTraces(net)) console.error('still there:', trace);
 */
export const findTraces = (net: Traced, options: { docker?: object } = {}): Promise<string[]> =>
  coded(`Looking for traces of ${net.networkName}`, () => lookForTraces(net, options));

const lookForTraces = async (net: Traced, { docker }: { docker?: object }): Promise<string[]> => {
  const engine = await connectEngine(docker ?? (net as { [engineOption]?: object })[engineOption]);
  const tools = { engine, privileges: privilegesOf({ kind: net.privilege }, engine) };
  const kinds = [networks, containers, ...strategyNamed(net.strategy).leftovers];
  const traces = await Promise.all(kinds.map((kind) => tracesOf(net, kind, tools)));
  // Whoever was the last to leave was to take that along.
  const shared = await listShared(kinds, tools);
  return [
    ...traces.flat(),
    ...shared.map(describe),
    ...(interfaceExists(net.bridgeName) ? [`the interface ${net.bridgeName}`] : []),
  ];
};

const tracesOf = async ({ bridgeName }: Traced, kind: LeftoverKind, tools: LeftoverTools): Promise<string[]> => {
  const mayBe = ({ nonce, bridges }: Mark): boolean =>
    bridges.length === 0 ? bridgeName.startsWith(`lhf-${nonce}`) : bridges.includes(bridgeName);
  try {
    const marks = await read(kind, (await kind.list(tools)).filter(mayBe), tools);
    return marks.filter(({ bridges }) => bridges.includes(bridgeName)).map(describe);
  } catch (error) {
    // Not to be allowed a look is not to have seen nothing.
    return [`maybe ${kind.kind}: ${kind.name} could not be looked through: ${reasonOf(error)}`];
  }
};

const describe = ({ kind, name }: Pick<Leftover, 'kind' | 'name'>): string =>
  kind === 'network' || kind === 'container' ? `the ${kind} ${name}` : `${kind} ${name}`;
