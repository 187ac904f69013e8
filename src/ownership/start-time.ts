import { readProc, readProcLink } from './proc.ts';

/** Clock ticks a second, as the kernel counts them for all programs, and nanoseconds in one. */
const ticksPerSecond = 100;
const nanosecondsPerTick = 10_000_000;

/** What /proc tells of a process. */
export interface ProcessReading {
  /** Ended, and not yet waited for by its parent. */
  readonly isZombie: boolean;
  /** Clock ticks from boot to its start, the same for readers in every time namespace; undefined where that cannot be told. */
  readonly startTime: number | undefined;
}

/** Whether the pids of /proc are those of this process: a mount of another pid namespace's /proc counts others. */
export const isOwnProc = (): boolean => readProcLink('/proc/self') === String(process.pid);

/** What an own /proc tells of a process, or undefined where it hides or lacks it. */
export const readProcess = (pid: number): ProcessReading | undefined =>
  parseStat(readProc(`/proc/${pid}/stat`), readBoottimeOffset());

/** This process's start, whatever pid this /proc knows it by. */
export const readOwnStartTime = (): number | undefined =>
  parseStat(readProc('/proc/self/stat'), readBoottimeOffset())?.startTime;

/** Reads the text of proc(5)'s stat. @param offset - Clock ticks that the reader's time namespace adds, undefined where unknown. */
export const parseStat = (stat: string | undefined, offset: number | undefined): ProcessReading | undefined => {
  // The command stands in brackets and may hold any character: fields count after the last closing one.
  const fields = stat?.split(') ').at(-1)?.split(' ') ?? [];
  const [state] = fields;
  const start = Number(fields[19]);
  if (state === undefined || !Number.isSafeInteger(start)) return undefined;
  return {
    isZombie: state === 'Z' || state === 'X',
    startTime: offset === undefined ? undefined : start - offset,
  };
};

/** Reads timens_offsets: the whole clock ticks that are added to times since boot. Linux 5.6 numbers the clock. */
export const parseBoottimeOffset = (offsets: string): number | undefined => {
  const [, seconds, nanoseconds] = /^(?:boottime|7)\s+(-?\d+)\s+(\d+)$/m.exec(offsets) ?? [];
  if (seconds === undefined) return undefined;
  return Number(seconds) * ticksPerSecond + Math.floor(Number(nanoseconds) / nanosecondsPerTick);
};

// The kernel shows start times in the reader's time namespace.
const readBoottimeOffset = (): number | undefined => {
  const own = readProcLink('/proc/self/ns/time');
  // A kernel without time namespaces.
  if (own === undefined) return 0;
  // The offsets are those of the namespace that children get, which need not be the own one.
  if (own !== readProcLink('/proc/self/ns/time_for_children')) return undefined;
  return parseBoottimeOffset(readProc('/proc/self/timens_offsets') ?? '');
};
