import { readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { findProgram } from '../command/find-program.ts';
import { run, type CommandResult } from '../command/run.ts';

/** What this machine is and has, as far as the choice of a strategy needs it. */
export interface HostFacts {
  readonly platform: NodeJS.Platform;
  readonly uid: number;
  /** Whether `sudo -n` works. */
  readonly sudo: boolean;
  /** Whether there is a sudo at all. Default: there is. */
  readonly hasSudo?: boolean;
  /** For example `6.1.0`. */
  readonly kernel: string;
  readonly nft: { readonly version: string } | undefined;
  readonly iptables: { readonly version: string; readonly variant: 'nf_tables' | 'legacy' | 'unknown' } | undefined;
  /** Whether what this process starts has CAP_NET_ADMIN: root in a container may lack it, and a user may have it as an ambient one. */
  readonly netAdmin: boolean;
  /** Where this host has neither and the user names an image: the tools above are those in it, for a helper container alone. */
  readonly lent?: Lent;
}

/** Tools of an image. */
export interface Lent extends Pick<HostFacts, 'nft' | 'iptables'> {
  readonly image: string;
  /** Why none of them could be had. */
  readonly trouble?: string;
}

let known: Promise<HostFacts> | undefined;

/** What this machine is and has, asked once per process: none of it changes while tests run. */
export const readHostFacts = (): Promise<HostFacts> => (known ??= readHostFactsAnew());

/** The same, asked again. */
export const readHostFactsAnew = async (): Promise<HostFacts> => {
  const uid = process.getuid?.() ?? -1;
  const [sudo, nft, iptables, netAdmin] = await Promise.all([mayUseSudo(), readNft(), readIptables(), hasNetAdmin()]);
  return {
    platform: process.platform,
    uid,
    sudo,
    hasSudo: findProgram('sudo') !== undefined,
    kernel: /^[\d.]+\d/.exec(release())?.[0] ?? '0',
    nft,
    iptables,
    netAdmin,
  };
};

// A machine that is busy takes its time for the smallest program: that is not to be without it.
const patiently = { timeoutMs: 60_000 };

// -n: never a password prompt; a sudo that would ask counts as none. Detached, as the holder is: tickets count for one terminal only.
// By what is needed, since that may be all that it lets be run.
const mayUseSudo = async (): Promise<boolean> => {
  if (process.platform !== 'linux') return false;
  for (const program of ['nft', 'iptables'] as const) {
    const { exitCode } = await run([program, '-V'], { prefix: ['sudo', '-n'], detached: true, ...patiently });
    if (exitCode === 0) return true;
  }
  return false;
};

const readNft = async (): Promise<HostFacts['nft']> => parseNft(await run(['nft', '-V'], patiently));

/** What `nft -V` came to. Pure. */
export const parseNft = ({ stdout, exitCode }: Pick<CommandResult, 'stdout' | 'exitCode'>): HostFacts['nft'] => {
  const version = /v(\d+(?:\.\d+)*)/.exec(stdout)?.[1];
  // Built without a line editor, nft has no interactive mode, and nothing could hold an owned table.
  return exitCode !== 0 || version === undefined || /cli:\s*no\b/.test(stdout) ? undefined : { version };
};

const readIptables = async (): Promise<HostFacts['iptables']> =>
  parseIptables(await run(['iptables', '-V'], patiently));

/** What `iptables -V` came to. Pure. */
export const parseIptables = ({
  stdout,
  exitCode,
}: Pick<CommandResult, 'stdout' | 'exitCode'>): HostFacts['iptables'] => {
  const [, version, variant] = /v(\d[\d.]*)(?:\s+\((\w+)\))?/.exec(stdout) ?? [];
  if (exitCode !== 0 || version === undefined) return undefined;
  return { version, variant: variant === 'nf_tables' || variant === 'legacy' ? variant : 'unknown' };
};

const hasNetAdmin = async (): Promise<boolean> =>
  parseNetAdmin(await readFile('/proc/self/status', 'utf8').catch(() => ''), process.getuid?.() === 0);

/**
 * Bit 12 of the sets in the text of /proc/self/status, see capabilities(7). Programs that a user starts inherit the ambient set alone.
 */
export const parseNetAdmin = (status: string, isRoot: boolean): boolean => {
  const has = (name: string): boolean => {
    const set = new RegExp(String.raw`^${name}:\s*([0-9a-f]+)`, 'm').exec(status)?.[1];
    return set !== undefined && (BigInt(`0x${set}`) & (1n << 12n)) !== 0n;
  };
  return has('CapEff') && (isRoot || has('CapAmb'));
};
