import type { Owner } from './owner.ts';
import { readPlace, unknownBoot, type Place } from './place.ts';
import { isOwnProc, readProcess, type ProcessReading } from './start-time.ts';

/**
 * Whether an owner lives: `'dead'` only where that is known. `'elsewhere'` is one on another host or in another pid namespace,
 * where a pid tells nothing.
 */
export interface OwnerJudgement {
  readonly state: 'alive' | 'dead' | 'elsewhere';
  /** Why one that is taken to be alive may still be dead. */
  readonly doubt?: string;
}

/** What this process can see of others. */
export interface View {
  readonly place: Place;
  /** Asks the kernel whether a pid is taken: undefined where it is, or the error's code. `ESRCH` alone says that it is free. */
  askFor(pid: number): string | undefined;
  /** Whether the pids of /proc are those of this process's pid namespace. */
  isOwnProc(): boolean;
  readProcess(pid: number): ProcessReading | undefined;
}

/** Judges an owner by what can be seen from here. What cannot be seen is alive: its things would be in use. */
export const judgeOwner = (owner: Owner, view: View = here()): OwnerJudgement => {
  const { place } = view;
  if (owner.host !== place.host) return { state: 'elsewhere' };
  const isBootKnown = owner.boot !== unknownBoot && place.boot !== unknownBoot;
  if (isBootKnown && owner.boot !== place.boot) return { state: 'dead' };
  if (owner.pidNamespace === 0 || owner.pidNamespace !== place.pidNamespace) return { state: 'elsewhere' };
  // The kernel's own answer, which no mount option of /proc changes.
  const error = view.askFor(owner.pid);
  if (error === 'ESRCH') return { state: 'dead' };
  const doubt = (why: string): OwnerJudgement => ({ state: 'alive', doubt: why });
  if (!view.isOwnProc()) return doubt('no /proc here counts processes as its pid does');
  const reading = view.readProcess(owner.pid);
  if (reading === undefined) return doubt("this /proc hides other users' processes");
  if (reading.isZombie) return { state: 'dead' };
  if (owner.startTime === 0) return doubt('its mark does not tell when it started');
  if (reading.startTime === undefined) return doubt('this time namespace does not tell when it started');
  // Offsets of time namespaces need not be whole ticks, so that each side may be one off.
  return Math.abs(reading.startTime - owner.startTime) <= 1 ? { state: 'alive' } : { state: 'dead' };
};

/** A judgement in a few words, for people. */
export const describeJudgement = ({ state, doubt }: OwnerJudgement): string =>
  doubt === undefined ? state : 'may be alive';

const here = (): View => ({ place: readPlace(), askFor, isOwnProc, readProcess });

// EPERM means that somebody has the pid; any other refusal (of a sandbox, say) tells nothing.
const askFor = (pid: number): string | undefined => {
  try {
    process.kill(pid, 0);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
};
