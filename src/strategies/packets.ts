/** Packets of our probe, counted at each hop of their way in and back. */
export interface HopCounts {
  /** Arrived from the bridge. */
  readonly saw: number;
  /** After translation, before any filter. */
  readonly translated: number;
  /** At the first and the last hook of INPUT. */
  readonly inputEarly: number;
  readonly inputLate: number;
  /** The service's answer, before and after the filters of OUTPUT and POSTROUTING. */
  readonly outputEarly: number;
  readonly outputLate: number;
  /** Handshakes that the service answered. A firewall may answer one in its place, as SYNPROXY does. */
  readonly accepted: number;
}

/** A packet for a forwarded port that came by another bridge. */
export interface Stray {
  readonly from: string;
  readonly to: string;
}

/** A rule, as the kernel tells it of a packet of ours that met it. */
export interface Place {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  /** The rule's own text, or `policy drop`. */
  readonly rule: string;
  /** The chain by which the packet entered this table, which the rule's own may have been called from. */
  readonly baseChain: string;
}

/** A rule that leaves packets out of connection tracking, without which nothing is translated. */
export interface Untracking extends Place {
  /** Of the service's answers, and not of what comes to it. */
  readonly isOfReplies: boolean;
}

/** What packets told; nothing where they could not be followed. */
export interface Packets {
  readonly counts: HopCounts | undefined;
  readonly drops: readonly Place[];
  /** Rules of others that translated a packet of ours. */
  readonly taken: readonly Place[];
  readonly untracked: readonly Untracking[];
  readonly strays: readonly Stray[];
}

/** Packets of a probe, followed while it dials. */
export interface PacketWatch {
  /** Whether the kernel can be asked at all. */
  readonly sees: boolean;
  /** Whether the kernel has said by now that a rule dropped or took a packet of ours. */
  hasCause(): boolean;
  /** Whether it has said by now which rule translated one, ours or another. */
  hasTranslator(): boolean;
  /** Ends the watch and tells what was seen. */
  end(): Promise<Packets>;
}

/** Where packets cannot be followed. */
export const blindWatch: PacketWatch = {
  sees: false,
  hasCause: () => false,
  hasTranslator: () => false,
  end: async () => ({ counts: undefined, drops: [], taken: [], untracked: [], strays: [] }),
};
