import type { EngineFacts } from '../engine/facts.ts';
import type { HostFacts } from '../host/facts.ts';
import type { Privilege } from '../types.ts';

/** Somebody who could change the kernel: whether that works here, and how, or why not. */
export interface Rung {
  readonly privilege: Exclude<Privilege, 'none'>;
  readonly works: boolean;
  readonly reason: string;
}

/** All who could change the kernel, the best first. Pure. */
export const ladderOf = (host: HostFacts, engine: EngineFacts | undefined): readonly Rung[] => [
  rootRung(host),
  sudoRung(host),
  containerRung(host, engine),
];

/**
 * By whom to look through the kernel: the first rung that works, or the container of an image that does not lend what it was to, so that it
 * is told, and not left out, what could not be looked through. Pure.
 */
export const lookBy = (host: HostFacts, engine: EngineFacts | undefined): Rung['privilege'] | undefined =>
  ladderOf(host, engine).find(({ works }) => works)?.privilege ?? (host.lent === undefined ? undefined : 'container');

/** Why a container of this engine's would have no rights on this host. Pure. */
export const obstacleToContainer = (
  { platform }: Pick<HostFacts, 'platform'>,
  engine: EngineFacts | undefined,
): string | undefined => {
  if (platform !== 'linux') return `this is ${platform}`;
  if (engine === undefined) return 'no engine answers';
  if (engine.vm !== undefined) return `${engine.vm} has a kernel of its own`;
  if (engine.remote) return `the engine at ${engine.endpoint} is on another host`;
  if (engine.rootless) return 'a rootless engine has no rights on this host';
  return engine.elsewhere === true ? 'the engine is in another network namespace than this process' : undefined;
};

const noPrograms = `this host's own nft and iptables are missing`;

const rootRung = ({ uid, netAdmin, lent }: HostFacts): Rung => {
  if (lent !== undefined) return { privilege: 'root', works: false, reason: noPrograms };
  const reason = {
    root: netAdmin ? 'root' : 'root here lacks CAP_NET_ADMIN',
    user: netAdmin ? 'CAP_NET_ADMIN of this user (ambient)' : 'this user is not root',
  }[uid === 0 ? 'root' : 'user'];
  return { privilege: 'root', works: netAdmin, reason };
};

const sudoRung = ({ uid, netAdmin, sudo, hasSudo = true, lent }: HostFacts): Rung => {
  if (lent !== undefined) return { privilege: 'sudo', works: false, reason: noPrograms };
  // What root lacks, its sudo lacks too.
  const works = sudo && (uid !== 0 || netAdmin);
  const missing = hasSudo ? 'sudo -n does not work for this user' : 'sudo is not installed';
  const reason = works ? 'sudo -n' : sudo ? 'root here lacks CAP_NET_ADMIN' : missing;
  return { privilege: 'sudo', works, reason };
};

const containerRung = (host: HostFacts, engine: EngineFacts | undefined): Rung => {
  const { lent } = host;
  const tools = lent === undefined ? '' : `, with the tools of the image ${lent.image}`;
  const trouble = lent?.trouble === undefined ? undefined : `no tools in the image ${lent.image}: ${lent.trouble}`;
  const obstacle = obstacleToContainer(host, engine) ?? trouble;
  const reason = obstacle ?? `a helper container with CAP_NET_ADMIN alone${tools}`;
  return { privilege: 'container', works: obstacle === undefined, reason };
};
