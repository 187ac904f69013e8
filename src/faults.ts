export const cutModes = ['refuse', 'reset', 'drop'] as const;

/** What a cut port does to those who call it, see {@link FaultyPorts.cut}. */
export type CutMode = (typeof cutModes)[number];

/** How a port is cut. */
export interface CutOptions {
  /**
   * What callers meet. `'refuse'`: new connections are refused, as where nothing listens. `'reset'`: they are accepted and reset.
   * `'drop'`: they get no answer. Default: `'refuse'`.
   */
  readonly mode?: CutMode;
}

/** How a port is slowed. */
export interface SlowOptions {
  /** How much later an answer comes, in milliseconds, 0 to 60,000. Default: 0. */
  readonly latencyMs?: number;
  /** How much more or less than that, at most, in milliseconds, 0 to 60,000. Default: 0. */
  readonly jitterMs?: number;
  /** What all connections of the port carry together, in bytes per second, from 1,000 on. Default: as much as there is. */
  readonly bytesPerSecond?: number;
}

/** How a port is slowed, with its defaults. */
export interface Slowness {
  readonly latencyMs: number;
  readonly jitterMs: number;
  readonly bytesPerSecond: number | undefined;
}

/** What a forward's ports can be made to do, so that whoever calls them is seen to cope with it. */
export interface FaultyPorts {
  /**
   * Cuts a port, or all that are forwarded now, while containers run, as a service that fails does: {@link restore} brings it back.
   * Established connections are cut as well: with `'refuse'` and `'reset'` they are reset, with `'drop'` they stall, and go on once
   * restored. Of UDP, `'refuse'` and `'reset'` tell the sender that nobody is there, and `'drop'` tells nothing. `relay`, `sidecar` and
   * `tunnel` accept what `'drop'` drops: there it is the answer that does not come, and not the connection. With `nftables` and `iptables`
   * it is the service's side that accepts what `'reset'` resets: where nothing listens, callers are refused.
   *
   * @param containerPort - Default: all ports.
   * @throws LHF_ERR_UNSUPPORTED where the strategy cannot, or another process opened the forward; LHF_ERR_INVALID_OPTION; LHF_ERR_CLOSED.
   * @example
   * await net.cut(8088, { mode: 'drop' });
   * await expect(callFromContainer()).rejects.toThrow('timeout');
   * await net.restore(8088);
   */
  cut(containerPort?: number, options?: CutOptions): Promise<void>;
  /**
   * Slows a port, or all that are forwarded now: established connections, too. Each call replaces what the one before said. Packets keep
   * their order. `relay` and `sidecar` do it by themselves; there a connection is accepted at once, answers come later, and both
   * directions have the bandwidth that was asked for. `nftables` and `iptables` do it with the kernel's queueing on the forward's own
   * bridge, which is what leaves for containers: what these send is not held back. A latency takes a kernel that has netem.
   *
   * @param containerPort - Default: all ports.
   * @throws LHF_ERR_UNSUPPORTED where the strategy or the kernel cannot, or another process opened the forward;
   * LHF_ERR_INVALID_OPTION; LHF_ERR_CLOSED.
   * @example
   * await net.slow(8088, { latencyMs: 200, jitterMs: 50 });
   * await net.slow(8088, { bytesPerSecond: 100_000 });
   * await net.restore(8088);
   */
  slow(containerPort?: number, options?: SlowOptions): Promise<void>;
  /**
   * Undoes {@link cut} and {@link slow}, and nothing else.
   *
   * @param containerPort - Default: all ports.
   * @throws LHF_ERR_UNSUPPORTED where another process opened the forward; LHF_ERR_PORT_IN_USE where `relay` finds the port taken
   * meanwhile; LHF_ERR_INVALID_OPTION; LHF_ERR_CLOSED.
   * @example
   * await net.restore();
   */
  restore(containerPort?: number): Promise<void>;
}
