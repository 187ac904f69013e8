import type { Listener } from '../host/listeners.ts';
import type { HopCounts } from './hops.ts';
import type { Drop } from './trace.ts';

/** Everything that was seen, for `findCause` to judge. */
export interface Evidence {
  readonly hostname: string;
  readonly gateway: string;
  readonly bridge: string;
  readonly protocol: 'tcp' | 'udp';
  readonly containerPort: number;
  readonly hostPort: number;
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
  readonly rulePresent: boolean | undefined;
  readonly routeLocalnet: boolean | undefined;
  /** Whatever listens on the host port. */
  readonly listeners: readonly Listener[];
  /** Whether one of them takes what is forwarded. */
  readonly listening: boolean;
  readonly counts: HopCounts | undefined;
  readonly drops: readonly Drop[];
  /** Containers of this network that dial another one's gateway. */
  readonly misdirected: readonly Misdirected[];
}

export interface Misdirected {
  readonly container: string;
  /** What it dialled. */
  readonly address: string;
}
