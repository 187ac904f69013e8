import { debug } from '../../../command/debug.ts';
import type { Names } from '../../../ownership/names.ts';
import { sharedIn, type Session } from '../../../ownership/session.ts';
import type { Privileges } from '../../../privilege/privileges.ts';
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

/** Tables of counters that this process has put in, and not seen go. */
const standingIn = (session: Session): Set<string> => sharedIn(session, 'counters of hops', () => new Set<string>());

/**
 * Takes away the counters of a bridge that may still be there. Called again, it does what was not done.
 *
 * @returns The reason why they may stay.
 */
export const clearHops = async (
  names: Names,
  session: Session,
  privileges: Privileges,
): Promise<string | undefined> => {
  const standing = standingIn(session);
  if (!standing.has(names.hopsTable)) return undefined;
  const failure = await removeHops(names, privileges);
  if (failure === undefined) standing.delete(names.hopsTable);
  else debug(`${names.hopsTable} may still be there: ${failure}`);
  return failure;
};

/** Counts a probe's packets at each hop and follows the kernel's trace of them. One at a time on a bridge. */
export const watchPackets = async (
  names: Names,
  probeAddress: string,
  port: PortMapping,
  { session, privileges }: Pick<Tools, 'session' | 'privileges'>,
): Promise<PacketWatch> => {
  const state = await installHops({ names, session: session.word, probeAddress, ...port }, privileges);
  if (state !== 'no') standingIn(session).add(names.hopsTable);
  if (state === 'maybe') await clearHops(names, session, privileges);
  if (state !== 'in') return blindWatch;
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
      await clearHops(names, session, privileges);
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
