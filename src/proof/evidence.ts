import type { Listener } from '../host/listeners.ts';
import type { CutMode } from '../faults.ts';
import type { HopCounts } from '../strategies/packets.ts';
import type { Place, Untracking } from '../strategies/packets.ts';
import type { Arrival } from './witness.ts';

/** Everything that was seen, for `findCause` to judge. */
export interface Evidence {
  readonly hostname: string;
  readonly gateway: string;
  readonly bridge: string;
  readonly subnet: string;
  /** Our own chain of iptables' nat table, where this strategy keeps its rules there. */
  readonly ownChain: string | undefined;
  readonly protocol: 'tcp' | 'udp';
  readonly containerPort: number;
  readonly hostPort: number;
  /** Where on the loopback the forward leads. */
  readonly hostAddress: '127.0.0.1' | '::1';
  /** How its user has cut it. */
  readonly cut?: CutMode | undefined;
  /** By which other process. */
  readonly cutBy?: number | undefined;
  /** How the probe ended; undefined where it did not run. */
  readonly ended:
    | 'nonce'
    | 'accepted'
    | 'sent'
    | 'refused'
    | 'foreign'
    | 'rejected'
    | 'timeout'
    | 'unresolved'
    | undefined;
  /** Why the probe did not work, and what may help. */
  readonly probeFailure?: { readonly what: string; readonly advice: string | undefined } | undefined;
  readonly engine: { readonly rootless: boolean; readonly remote: boolean; readonly endpoint: string };
  /** Whether the way is a rootless engine's own: it may lead to the loopback or not, and no answer of the engine's says so. */
  readonly isRootlessOwn?: boolean;
  readonly rulePresent: boolean | undefined;
  /** Why it is not known whether the rule is there, a sentence. */
  readonly unseen?: string | undefined;
  /** What of ours is gone for good, a sentence. */
  readonly lost?: string | undefined;
  readonly routeLocalnet: boolean | undefined;
  /** Whatever listens on the host port. */
  readonly listeners: readonly Listener[];
  /** Whether a relay of ours accepts in front of the service. */
  readonly relayed: boolean;
  /** Where a carrier of ours listens: on the network's gateway, behind this host's firewall, with firewalld or without; or beside the caller. */
  readonly front?: { readonly at: 'gateway'; readonly firewalld: boolean } | { readonly at: 'sidecar' } | undefined;
  /** On which TCP ports programs of this user listen, where nothing listens on the host port. */
  readonly ownPorts?: readonly number[];
  /** Whether one of them takes what is forwarded. */
  readonly listening: boolean;
  /** Whether this host's own connections come to somebody all the same, by a rule of somebody's. */
  readonly isLedOn?: boolean;
  readonly counts: HopCounts | undefined;
  readonly drops: readonly Place[];
  /** Rules of others that translated what we dialled, or gave it to a proxy. */
  readonly taken: readonly Place[];
  /** Rules of others that leave what we dialled, or its answers, out of connection tracking. */
  readonly untracked?: readonly Untracking[];
  /** Where the connection arrived that somebody accepted. */
  readonly arrival?: Arrival | undefined;
  /** Containers of this network that dial another one's gateway. */
  readonly misdirected: readonly Misdirected[];
  /** Where this host sends what is for the network, where that is not its bridge. */
  readonly detour?: Detour | undefined;
  /** The same for packets with a mark that a rule wants: whether somebody marks ours, no route tells. */
  readonly detourByMark?: Detour | undefined;
}

/** A way that a policy route takes in place of ours. */
export interface Detour {
  readonly subnet: string;
  /** An interface, or undefined: nowhere. */
  readonly dev: string | undefined;
  /** The rule that decides it, as `ip rule list` has it; undefined where none of the rules does. */
  readonly rule: { readonly preference: number; readonly table: string; readonly text: string } | undefined;
  /** What the kernel says. */
  readonly by: string;
}

export interface Misdirected {
  readonly container: string;
  /** What it dialled. */
  readonly address: string;
}
