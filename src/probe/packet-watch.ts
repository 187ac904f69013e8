import type { ProbedPort, ProbeContext } from './context.ts';
import { installHops, readHops, removeHops, type HopCounts, type Stray } from './hops.ts';
import { openTrace, parseDrops, parseTaken, parseTranslators, type Place } from './trace.ts';

/** What packets told. Without nft: nothing. */
export interface Packets {
  readonly counts: HopCounts | undefined;
  readonly drops: readonly Place[];
  /** Rules of others that translated a packet of ours. */
  readonly taken: readonly Place[];
  readonly strays: readonly Stray[];
}

export interface PacketWatch {
  /** Whether the kernel can be asked at all. */
  readonly sees: boolean;
  /** Whether the kernel has said by now that a rule dropped or took a packet of ours. */
  hasCause(): boolean;
  /** Whether it has said by now which rule translated one, ours or another. */
  hasTranslator(): boolean;
  /** Takes the counters out and tells what was seen. */
  end(): Promise<Packets>;
}

/**
 * Counts a probe's packets at each hop and follows the kernel's trace of them. One at a time on a bridge: the probe's container has
 * to be there, since its name is the lock.
 */
export const watchPackets = async (
  { names, session, privileges }: ProbeContext,
  port: ProbedPort,
): Promise<PacketWatch> => {
  const failure = await installHops({ names, session, ...port }, privileges);
  if (failure !== undefined) return blind;
  const trace = await openTrace(privileges);
  return {
    sees: true,
    hasCause: () => parseDrops(trace.printed()).length > 0 || parseTaken(trace.printed(), names).length > 0,
    hasTranslator: () => parseTranslators(trace.printed()).length > 0,
    end: async () => {
      const told = await trace.stop();
      const hops = await readHops(names, privileges);
      await removeHops(names, privileges);
      return {
        counts: hops?.counts,
        drops: parseDrops(told),
        taken: parseTaken(told, names),
        strays: hops?.strays ?? [],
      };
    },
  };
};

const blind: PacketWatch = {
  sees: false,
  hasCause: () => false,
  hasTranslator: () => false,
  end: async () => ({ counts: undefined, drops: [], taken: [], strays: [] }),
};
