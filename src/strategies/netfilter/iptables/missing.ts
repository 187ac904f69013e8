import { keyOf } from '../../strategy.ts';
import type { ChainLook } from './chain-look.ts';
import { lengthOf, type ChainedBridge, type ChainedBridges, type TableName } from './rules.ts';
import { byPort, byProbedPort, type ListedChain } from './listing.ts';

export type ChainSight = Pick<ChainLook, 'wayIn' | 'process' | 'chain'>;

/** Whether somebody took something of what these bridges have in a table, or of the way to it. */
export const missingIn = async (
  table: TableName,
  nonce: string,
  state: ChainedBridges,
  bridges: readonly string[],
  sight: ChainSight,
): Promise<boolean> => {
  const [way, process, ...chains] = await Promise.all([
    sight.wayIn(table, nonce),
    sight.process(table, nonce),
    ...bridges.map((bridge) => sight.chain(table, bridge)),
  ]);
  return (
    way.doors.length === 0 ||
    way.ways.length === 0 ||
    (table === 'raw' && !process.guards) ||
    [...state.keys()].some((bridge) => !process.bridges.includes(bridge)) ||
    bridges.some((bridge, n) => !hasAll(table, state.get(bridge), chains[n]))
  );
};

/** Whether a bridge's chain has what it should: as many rules at least, and those for ports as they lead. */
const hasAll = (
  table: TableName,
  bridge: ChainedBridge = { ports: [], probe: undefined },
  { rules, length }: ListedChain = { rules: [], length: 0 },
): boolean => {
  if (length < lengthOf(table, bridge)) return false;
  const { ports, probe } = bridge;
  const everybody = byPort(rules);
  if (table === 'raw') return ports.every((port) => everybody.has(keyOf(port)));
  const probes = byProbedPort(rules);
  return ports.every(
    (port) =>
      everybody.get(keyOf(port))?.targetPort === port.targetPort &&
      (probe === undefined || probes.get(keyOf(port))?.from === probe.address),
  );
};
