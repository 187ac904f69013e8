export const cutModes = ['refuse', 'reset', 'drop'] as const;

/** What a cut port does to those who call it, see {@link FaultyPorts.cut}. */
export type CutMode = (typeof cutModes)[number];

export interface CutOptions {
  /**
   * What callers meet. `'refuse'`: new connections are refused, as where nothing listens. `'reset'`: they are accepted and reset.
   * `'drop'`: they get no answer. Default: `'refuse'`.
   */
  readonly mode?: CutMode;
}

/** What a forward's ports can be made to do, so that whoever calls them is seen to cope with it. */
export interface FaultyPorts {
  /**
   * Cuts a port, or all that are forwarded now, while containers run, as a service that fails does: {@link restore} brings it back.
   * Established connections are cut as well: with `'refuse'` and `'reset'` they are reset, with `'drop'` they stall, and go on once
   * restored. Of UDP, `'refuse'` and `'reset'` tell the sender that nobody is there, and `'drop'` tells nothing. `relay`, `sidecar` and
   * `tunnel` accept what `'drop'` drops: there it is the answer that does not come, and not the connection.
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
   * Undoes {@link cut}, and nothing else.
   *
   * @param containerPort - Default: all ports.
   * @throws LHF_ERR_UNSUPPORTED where another process opened the forward; LHF_ERR_PORT_IN_USE where `relay` finds the port taken
   * meanwhile; LHF_ERR_INVALID_OPTION; LHF_ERR_CLOSED.
   * @example
   * await net.restore();
   */
  restore(containerPort?: number): Promise<void>;
}
