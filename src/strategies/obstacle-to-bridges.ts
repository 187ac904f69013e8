import type { Facts, Obstacle } from './strategy.ts';

/** Why the engine's bridges are out of this process's reach. Pure. */
export const obstacleToBridges = ({ host, engine }: Facts): Obstacle | undefined => {
  if (host.platform !== 'linux') return { what: `needs Linux, and this is ${host.platform}` };
  if (engine.vm !== undefined) return { what: `${engine.vm} runs its bridges in a virtual machine` };
  if (engine.remote) return { what: `the engine at ${engine.endpoint} is on another host` };
  if (engine.rootless) return { what: 'a rootless engine has its bridges in a network namespace of its own' };
  return undefined;
};
