import type { Port, Protocol } from './port-forward.ts';

/** How a proof is made. */
export interface VerifyOptions {
  /** How long one proof may take, in milliseconds. Default: 5000. */
  timeoutMs?: number;
  /** An image with a `node` in it, for engines that cannot mount the host's own. Default: none. */
  image?: string;
}

/** What a proof saw. */
export interface Verification {
  /** One entry per forwarded port. */
  readonly ports: readonly {
    readonly containerPort: Port;
    readonly protocol: Protocol;
    /** What happened: our listener answered its nonce, a service accepted, or nothing listens yet but packets arrive. */
    readonly answer: 'nonce' | 'accepted' | 'sent';
    /**
     * What that was proven by. `nonce`: our own listener answered what only it knows. `connection-at-service`: the forward's own rule
     * translated the probe's packets, and this host's socket table shows the very connection at the service. `translated`: the rule
     * did, and no other rule touched them, but there was no connection to be looked at: the service ends it at once, or has none before
     * it gets data. `rule-present`: the rule, and a socket that takes what it carries, are there; a UDP service is not written to.
     */
    readonly proof: 'nonce' | 'connection-at-service' | 'translated' | 'rule-present';
    /** From the first dial to the answer, in milliseconds. */
    readonly ms: number;
    /** The caller's address as the host saw it, where our listener answered. */
    readonly seenFrom?: string;
  }[];
  /** Accepts that had to be put in a firewall's chain, a sentence each; they go with the forward. */
  readonly accepts: readonly string[];
  /** The whole proof, container start included, in milliseconds. */
  readonly ms: number;
}

/** What came through a forward, our own proofs left out. */
export interface Hits {
  /**
   * Connections that were tried, or UDP flows: those that a service refused, or nobody took, among them. What a port refuses by `cut()` is
   * counted by `nftables` and `iptables` only: with the others it is the kernel that refuses, and nothing of ours sees it.
   */
  readonly attempts: number;
  /** Those of them that a service accepted. */
  readonly connections: number;
  readonly packets: number;
  readonly bytes: number;
}
