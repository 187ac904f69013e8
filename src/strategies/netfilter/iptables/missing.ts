import { keyOf } from '../../strategy.ts';
import type { ChainLook } from './chain-look.ts';
import type { ChainedBridge, ChainedBridges, TableName } from './rules.ts';
import { byPort, byProbedPort, type ListedRule } from './listing.ts';

export type ChainSight = Pick<ChainLook, 'wayIn' | 'process' | 'rules'>;

/** Whether somebody took something of what these bridges have in a table, or of the way to it. */
export const missingIn = async (
  table: TableName,
  nonce: string,
  state: ChainedBridges,
  bridges: readonly string[],
  sight: ChainSight,
): Promise<boolean> => {
  const [way, process, ...rules] = await Promise.all([
    sight.wayIn(table, nonce),
    sight.process(table, nonce),
    ...bridges.map((bridge) => sight.rules(table, bridge)),
  ]);
  return (
    way.doors.length === 0 ||
    way.ways.length === 0 ||
    (table === 'raw' && !process.guards) ||
    [...state.keys()].some((bridge) => !process.bridges.includes(bridge)) ||
    bridges.some((bridge, n) => !hasAll(table, state.get(bridge), rules[n] ?? []))
  );
};

/** Whether a bridge's chain has what it should, as far as its rules name ports. */
const hasAll = (
  table: TableName,
  { ports, probe }: ChainedBridge = { ports: [], probe: undefined },
  rules: readonly ListedRule[],
): boolean => {
  const everybody = byPort(rules);
  if (table === 'raw') return ports.every((port) => everybody.has(keyOf(port)));
  const probes = byProbedPort(rules);
  return ports.every(
    (port) =>
      everybody.get(keyOf(port))?.targetPort === port.targetPort &&
      (probe === undefined || probes.get(keyOf(port))?.from === probe.address),
  );
};
