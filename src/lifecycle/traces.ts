import { connectEngine } from '../engine/engine.ts';
import { readHostFacts } from '../host/facts.ts';
import { interfaceExists } from '../host/kernel.ts';
import { privilegesOf } from '../privilege/privileges.ts';
import type { LocalhostForward } from '../types.ts';
import { findAll } from './sweep/find.ts';

/**
 * What of a forward is on this host now, a line each; empty after an orderly close.
 *
 * @param options - The option `docker` of the forward, where it had one.
 *
 * @example
 * await net.close();
 * assert.deepEqual(await findTraces(net), []);
 */
export const findTraces = async (
  { bridgeName }: Pick<LocalhostForward, 'bridgeName'>,
  options: { docker?: object } = {},
): Promise<string[]> => {
  const [engine, { uid, sudo }] = await Promise.all([connectEngine(options.docker), readHostFacts()]);
  const privileges = uid === 0 ? privilegesOf('root') : sudo ? privilegesOf('sudo') : undefined;
  const failures: string[] = [];
  const found = await findAll({ engine, privileges }, ({ kind, name }, error) =>
    failures.push(`${kind} ${name} could not be looked at: ${String(error)}`),
  );
  const traces = found.filter(({ bridge }) => bridge === bridgeName).map(({ kind, name }) => `${kind} ${name}`);
  return [...traces, ...(interfaceExists(bridgeName) ? [`interface ${bridgeName}`] : []), ...failures];
};
