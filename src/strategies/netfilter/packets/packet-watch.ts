import type { Names } from '../../../ownership/names.ts';
import { blindWatch, type HopCounts, type PacketWatch, type Place } from '../../packets.ts';
import type { PortMapping, Tools } from '../../strategy.ts';
import { installHops, readHops, removeHops } from './hops.ts';
import { tableNamesOfBridge } from '../tables/rules.ts';
import {
  openTrace,
  parseDrops,
  parseQueued,
  parseTaken,
  parseTranslators,
  parseUntracked,
  traceOfBridge,
} from './trace.ts';

/** Rules that dropped a packet; else those that gave it to a program which lets nothing go on. */
const dropsOf = (told: string, counts: HopCounts | undefined): Place[] => {
  const drops = parseDrops(told);
  return drops.length > 0 || counts?.outputLate !== 0 ? drops : parseQueued(told);
};

/** Counts a probe's packets at each hop and follows the kernel's trace of them. One at a time on a bridge. */
export const watchPackets = async (
  names: Names,
  probeAddress: string,
  port: PortMapping,
  { session, privileges }: Pick<Tools, 'session' | 'privileges'>,
): Promise<PacketWatch> => {
  const failure = await installHops({ names, session: session.word, probeAddress, ...port }, privileges);
  if (failure !== undefined) return blindWatch;
  const trace = await openTrace(privileges);
  const toldOf = (printed: string): string => traceOfBridge(printed, names);
  const own = { table: tableNamesOfBridge(names.bridge).owned, chain: names.chain };
  return {
    sees: true,
    hasCause: () =>
      [parseDrops, parseUntracked, (told: string) => parseTaken(told, own)].some(
        (parse) => parse(toldOf(trace.printed())).length > 0,
      ),
    hasTranslator: () => parseTranslators(toldOf(trace.printed())).length > 0,
    end: async () => {
      const told = toldOf(await trace.stop());
      const hops = await readHops(names, privileges);
      await removeHops(names, privileges);
      return {
        counts: hops?.counts,
        drops: dropsOf(told, hops?.counts),
        taken: parseTaken(told, own),
        untracked: parseUntracked(told),
        strays: hops?.strays ?? [],
      };
    },
  };
};
