import { expect } from 'vitest';
import { readFile } from 'node:fs/promises';
import Docker from 'dockerode';
import { judgeOwner } from '../../src/ownership/judge-owner.ts';
import { parseSession } from '../../src/ownership/owner.ts';
import { nobody, renderDifference, takeSnapshot, type Snapshot } from '../support/host-snapshot.ts';
import { execHere } from '../support/run.ts';
import { until } from '../support/until.ts';
import { projectRoot, spawnScript, type Script, type SpawnScriptOptions } from '../support/children.ts';
import { cacheCompilation } from './compile-cache.ts';
import type { Act } from './programs/opener.ts';
import { look } from './storm/witness.ts';

// For a machine under load. A look costs several processes itself.
const patience = { timeoutMs: 40_000, everyMs: 250 };

/** What is said where no look came to its end. */
const notSeen = 'no look came to its end';

/** All that one process has on this host now, rules first. */
export const tracesOf = async (pid: number | undefined): Promise<string[]> => {
  const { open, processes, rest } = (await look(new Docker()))(pid ?? 0);
  return [...open, ...rest, ...processes];
};

/** What is left of a process at last, without anybody sweeping: nothing, as soon as that is so. */
export const tracesAtLast = async (
  pid: number | undefined,
  timeoutMs: number = patience.timeoutMs,
): Promise<string[]> => {
  let traces = [notSeen];
  const isGone = async (): Promise<boolean> => (traces = await tracesOf(pid)).length === 0;
  await until(isGone, { ...patience, timeoutMs }).catch(() => undefined);
  return traces;
};

/**
 * The host's rules and the engine's objects, once no guardian is at work, of an earlier test's processes either. A test's own process
 * keeps its holder until it ends.
 */
export const takeState = async (): Promise<Snapshot> => {
  await untilUnguarded();
  return takeSnapshot(execHere, { processMarker: nobody });
};

/** Waits until nobody removes what a dead process had. */
export const untilUnguarded = (): Promise<boolean> =>
  until(async () => !(await isGuarded()), { ...patience, what: 'the guardians to end' });

/** A guardian, or the holder of a process that is dead, which takes its rules out before it starts one. */
export const isGuarded = async (): Promise<boolean> => {
  const { stdout } = await execHere([
    'sh',
    '-c',
    'grep -lazE -- "/[g]uardian\\.(ts|js)$" /proc/[0-9]*/cmdline || true',
  ]);
  const files = stdout.split('\n').filter(Boolean);
  const commands = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return commands.some((command) => command !== '' && (!command.includes('lhf-holder') || isOfTheDead(command)));
};

const isOfTheDead = (command: string): boolean => {
  const owner = command.split('\0').map(parseSession).find(Boolean);
  return owner !== undefined && judgeOwner(owner).state === 'dead';
};

/** What differs from before at last: nothing, as soon as that is so. */
export const differenceAtLast = async (before: Snapshot): Promise<string> => {
  let difference = notSeen;
  const isSame = async (): Promise<boolean> => (difference = renderDifference(before, await takeState())) === '';
  await until(isSame, patience).catch(() => undefined);
  return difference;
};

/** Starts a process that opens a forward, says `open <bridge> <gateway>`, and goes on with the act: see programs/opener.ts. */
export const startOpener = (
  strategy: string,
  act: Act,
  { port = 8088, ...options }: { readonly port?: number } & Omit<SpawnScriptOptions, 'file' | 'source' | 'args'> = {},
): Script => {
  cacheCompilation();
  return spawnScript({ ...options, file: openerFile, args: [strategy, act, String(port)] });
};
const openerFile = `${projectRoot}test/crash/programs/opener.ts`;

/** The processes that hold a living process's rules: its shells, then what they run. */
export const readHolders = async (pid: number | undefined): Promise<number[]> => {
  const all: number[] = [];
  for (let next = await childrenOf(pid); next.length > 0; next = (await Promise.all(next.map(childrenOf))).flat())
    all.push(...next);
  return all;
};

/** The parts that hold a living process's rules, by what they are; 0 for one that is not there. */
export interface Parts {
  /** The shell around nft, what nft reads from, and nft. */
  readonly shell: number;
  readonly cat: number;
  readonly nft: number;
  /** The shell that writes iptables rules, the one in it that passes requests on, and the program that it passes them to. */
  readonly writer: number;
  readonly passer: number;
  readonly restore: number;
}

export const readParts = async (pid: number | undefined): Promise<Parts> => {
  const parts = { shell: 0, cat: 0, nft: 0, writer: 0, passer: 0, restore: 0 };
  for (const holder of await childrenOf(pid)) {
    if (!(await readProc(holder, 'cmdline')).includes('lhf-holder')) continue;
    const within = await readHolders(holder);
    const names = await Promise.all(within.map((one) => readProc(one, 'comm')));
    const named = (name: string): number => within[names.indexOf(`${name}\n`)] ?? 0;
    if (named('nft') !== 0) Object.assign(parts, { shell: holder, cat: named('cat'), nft: named('nft') });
    // The pipeline's own shell, its two ends, and what the second one runs.
    else if (named('iptables-restor') !== 0)
      Object.assign(parts, { writer: holder, passer: within[1], restore: named('iptables-restor') });
  }
  return parts;
};

const readProc = (pid: number, file: string): Promise<string> =>
  readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');

const childrenOf = async (pid: number | undefined): Promise<number[]> => {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
};

/** One of several that end each other. */
export const killIfThere = (pid: number): void => {
  expect(pid).toBeGreaterThan(1);
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself, because another one did.
  }
};
