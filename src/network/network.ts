/** A network of ours, as all who work with it need to know it. */
export interface Network {
  readonly id: string;
  readonly name: string;
  readonly bridge: string;
  readonly subnet: string;
  readonly gateway: string;
  /** The address that probes of ours have on it. */
  readonly probeAddress: string;
}
