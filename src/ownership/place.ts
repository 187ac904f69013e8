import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { readProc, readProcLink } from './proc.ts';

/** Where a process is: what it shares with all that can tell by its pid whether it lives. */
export interface Place {
  readonly host: string;
  readonly boot: string;
  readonly pidNamespace: number;
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

/** The boot of a place that does not tell it: a system without /proc, or a /proc of processes only (`subset=pid`). */
export const unknownBoot = hash('unknown');

/** This process's place. */
export const readPlace = (): Place => ({
  // Copies of one machine have one id, and images bring theirs along: the name keeps these apart.
  host: hash(`${readProc('/etc/machine-id') ?? ''} ${hostname()}`),
  boot: hash(readProc('/proc/sys/kernel/random/boot_id') ?? 'unknown'),
  pidNamespace: readPidNamespace(),
});

/** Systems without pid namespaces have one, numbered 1; 0 where it cannot be told which. */
const readPidNamespace = (): number => {
  if (process.platform !== 'linux') return 1;
  return Number(/\d+/.exec(readProcLink('/proc/self/ns/pid') ?? '')?.[0] ?? 0);
};
