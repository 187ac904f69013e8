import { allowContainer } from '../privilege/advice.ts';
import type { Facts, Obstacle } from './strategy.ts';

/** Why the engine's bridges are out of this process's reach. Pure. */
export const obstacleToBridges = ({ host, engine }: Facts): Obstacle | undefined => {
  if (host.platform !== 'linux') return { what: `needs Linux, and this is ${host.platform}` };
  if (engine.vm !== undefined) return { what: `${engine.vm} runs its bridges in a virtual machine` };
  if (engine.remote) return { what: `the engine at ${engine.endpoint} is on another host` };
  if (engine.rootless) return { what: 'a rootless engine has its bridges in a network namespace of its own' };
  if (engine.elsewhere === true)
    return {
      what: `the engine at ${engine.endpoint} has its bridges in another network namespace than this process`,
    };
  return undefined;
};

/** Why this process is not where the engine has its bridges, but in a container beside them. Pure. */
export const obstacleInJob = ({ engine: { job } }: Facts): Obstacle | undefined =>
  job === undefined || job.network === 'host'
    ? undefined
    : {
        what: `this process is in the container ${job.id.slice(0, 12)}, which has a network of its own, without the engine's bridges`,
        advice: allowContainer,
      };
