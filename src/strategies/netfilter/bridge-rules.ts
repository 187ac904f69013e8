import type { Hits } from '../../types.ts';
import type { Fault, PortMapping, Proofs } from '../strategy.ts';

/** What is asked of the rules of one bridge, whichever program writes them. */
export interface BridgeRulesView {
  hits(ports: readonly PortMapping[]): Promise<Hits[]>;
  /** What our own rules translated for probes of ours, by port. */
  proofs(): Promise<ReadonlyMap<string, Proofs>>;
  /** Whether translation and guard are there now, asked of the kernel. */
  isPresent(port: PortMapping): Promise<boolean>;
}

/** The rules of one bridge, in place: guard and translations. */
export interface BridgeRules {
  readonly view: BridgeRulesView;
  add(port: PortMapping): Promise<void>;
  /** What is established goes no further, either. */
  remove(port: PortMapping): Promise<void>;
  /** @throws LHF_ERR_UNSUPPORTED */
  disturb(port: PortMapping, fault: Fault): Promise<void>;
  /** Knows who may call on this subnet, the address of our probes there, and where these ports lead for them. */
  setProbe(subnet: string, trials: readonly PortMapping[]): Promise<void>;
  /** Puts back what somebody else took away, and tells whether anything was missing. */
  repair(): Promise<boolean>;
  /** Takes translations and guard away: `route_localnet` must be off by then, or the bridge gone. Idempotent. */
  release(): Promise<void>;
  /** Lets the holder go, which has a guardian see to the network until that is gone as well. Idempotent. */
  letGo(): void;
}
