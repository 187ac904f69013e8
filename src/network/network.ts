import type { BridgeKeeper } from '../engine/bridge-keeper.ts';

/** A network of ours, as all who work with it need to know it. */
export interface Network {
  readonly id: string;
  readonly name: string;
  readonly bridge: string;
  readonly subnet: string;
  readonly gateway: string;
  /** The address that probes of ours have on it. */
  readonly probeAddress: string;
  /** What keeps its bridge there, where the engine alone would not: to be removed before it. */
  readonly keeper?: BridgeKeeper;
}
