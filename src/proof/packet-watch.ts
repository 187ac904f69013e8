import type { ProbedPort, ProbeContext } from './context.ts';
import { installHops, readHops, removeHops, type HopCounts, type Stray } from './hops.ts';
import { openTrace, parseDrops, type Drop } from './trace.ts';

/** What packets told. Without nft: nothing. */
export interface Packets {
  readonly counts: HopCounts | undefined;
  readonly drops: readonly Drop[];
  readonly strays: readonly Stray[];
}

export interface PacketWatch {
  /** Whether the kernel has said by now that it dropped a packet of ours. */
  hasDrop(): boolean;
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
    hasDrop: () => parseDrops(trace.printed()).length > 0,
    end: async () => {
      const drops = parseDrops(await trace.stop());
      const hops = await readHops(names, privileges);
      await removeHops(names, privileges);
      return { counts: hops?.counts, drops, strays: hops?.strays ?? [] };
    },
  };
};

const blind: PacketWatch = { hasDrop: () => false, end: async () => ({ counts: undefined, drops: [], strays: [] }) };
