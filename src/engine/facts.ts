import type { OwnContainer } from './own-container.ts';

/** What the engine says of itself, as far as the choice of a strategy needs it. */
export interface EngineFacts {
  readonly name: string;
  readonly version: string;
  readonly rootless: boolean;
  readonly remote: boolean;
  /** The product that runs the engine in a virtual machine, if one does. */
  readonly vm: string | undefined;
  /**
   * What leads its containers to the loopback of the machine that it is used from, without anybody's help: a name that the engine itself
   * resolves, `host-gateway` as the address of an extra host, or nothing.
   */
  readonly reachesLoopbackBy: 'its own name' | 'host-gateway' | undefined;
  /** A network's bridge is there from its creation to its removal, or only while a container runs on it. */
  readonly bridgeStands: 'always' | 'while used';
  /**
   * By what a container of ours takes the network namespace of somebody's, so that his can still be removed: by its id, or by the
   * namespace's path, where the engine ties the two together.
   */
  readonly joinsNetworkBy: 'id' | 'path';
  readonly firewallBackend: string | undefined;
  readonly endpoint: string;
  /** Its bridges are in another network namespace of this host than this process is, though nothing else of it is elsewhere. */
  readonly elsewhere?: true;
  /** The container of this engine's that this process itself runs in. */
  readonly job?: OwnContainer;
}
