import { openLocalhostForward, type LocalhostForward, type Strategy } from '../../src/index.ts';
import { createBare, type BareNetwork } from './engine.ts';
import { someAtOnce, times } from './some-at-once.ts';

/** So many work at once where opening and closing are not what is measured. */
const width = 4;

export const openUnverified = (strategy: Strategy, port: number): Promise<LocalhostForward> =>
  openLocalhostForward(port, { strategy, verify: false });

export const openMany = (strategy: Strategy, port: number, count: number): Promise<LocalhostForward[]> =>
  someAtOnce(times(count), width, () => openUnverified(strategy, port));

export const closeMany = (nets: readonly LocalhostForward[]): Promise<void[]> =>
  someAtOnce(nets, width, (net) => net.close());

export const createManyBare = (count: number): Promise<BareNetwork[]> => someAtOnce(times(count), width, createBare);

export const removeManyBare = (networks: readonly BareNetwork[]): Promise<void[]> =>
  someAtOnce(networks, width, (network) => network.remove());
