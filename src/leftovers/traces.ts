import { connectEngine } from '../engine/engine.ts';
import { listContainers } from '../engine/containers.ts';
import { listNetworks } from '../engine/networks.ts';
import { interfaceExists } from '../host/kernel.ts';
import { labels } from '../ownership/names.ts';
import { privilegesOf } from '../privilege/privileges.ts';
import type { LocalhostForward } from '../types.ts';
import { findKernelMarks } from './find.ts';

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
export const findTraces = async (net: Traced, { docker }: { docker?: object } = {}): Promise<string[]> => {
  const { docker: client } = await connectEngine(docker ?? (net as { [engineOption]?: object })[engineOption]);
  const privileges = privilegesOf({ kind: net.privilege === 'sudo' ? 'sudo' : 'root' });
  const [networks, containers, marks, rulesTold] = await Promise.all([
    listNetworks(client),
    listContainers(client, `${labels.bridge}=${net.bridgeName}`),
    findKernelMarks(privileges),
    privileges.run(net.strategy === 'nftables' ? ['nft', 'list', 'tables'] : ['iptables-save', '-t', 'nat']),
  ]);
  return [
    ...networks.filter(({ name }) => name === net.networkName).map(({ name }) => `the network ${name}`),
    ...containers.map(({ name }) => `the container ${name}`),
    ...(interfaceExists(net.bridgeName) ? [`the interface ${net.bridgeName}`] : []),
    ...marks.filter(({ bridge }) => bridge === net.bridgeName).map(({ kind, name }) => `${kind} ${name}`),
    // Not to be allowed a look is not to have seen nothing.
    ...(rulesTold.exitCode === 0
      ? []
      : [`maybe rules: ${rulesTold.command} failed: ${rulesTold.failure ?? rulesTold.stderr.trim()}`]),
  ];
};
