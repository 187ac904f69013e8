import type { OwnContainer } from './own-container.ts';

/** What the engine says of itself, as far as the choice of a strategy needs it. */
export interface EngineFacts {
  readonly name: string;
  readonly version: string;
  readonly rootless: boolean;
  readonly remote: boolean;
  /** The product that runs the engine in a virtual machine, if one does. */
  readonly vm: string | undefined;
  readonly firewallBackend: string | undefined;
  readonly endpoint: string;
  /** The container of this engine's that this process itself runs in. */
  readonly job?: OwnContainer;
}
