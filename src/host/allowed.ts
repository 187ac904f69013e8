import { readdir, readFile } from 'node:fs/promises';
import { LocalhostForwardError } from '../errors.ts';
import { assertNode } from './node-version.ts';

/** So many files one opening and its end have open at the same time, programs' pipes and the engine's sockets among them. */
const neededFiles = 24;

/**
 * Looks for what this process is not allowed, before anything is done that could then not be undone.
 *
 * @throws LHF_ERR_PRIVILEGE under `--permission`, LHF_ERR_SYSTEM where Node is too old, or too few files may be opened.
 */
export const assertAllowed = async (): Promise<void> => {
  assertNode();
  assertPermitted();
  await assertFilesLeft();
};

const assertPermitted = (): void => {
  const { permission } = process as { permission?: NodeJS.Process['permission'] };
  const needed: readonly (readonly [flag: string, scope: string, reference?: string])[] = [
    ['--allow-child-process', 'child'],
    ['--allow-fs-read', 'fs.read', '/proc'],
    ...(process.getuid?.() === 0 ? [['--allow-fs-write', 'fs.write', '/proc/sys/net/ipv4/conf'] as const] : []),
    ...(hasNetPermission ? [['--allow-net', 'net'] as const] : []),
  ];
  const denied = needed.filter(([, scope, reference]) => permission?.has(scope, reference) === false);
  if (denied.length > 0) throw notPermitted(denied.map(([flag]) => `it was started without ${flag}`));
};

// Newer Nodes have a permission for the network as well.
const hasNetPermission = process.allowedNodeEnvironmentFlags.has('--allow-net');

/** The error for what Node's permission model denies. */
export const notPermitted = (evidence: readonly string[], cause?: unknown): LocalhostForwardError =>
  new LocalhostForwardError(
    'LHF_ERR_PRIVILEGE',
    {
      what: 'This process runs with --permission, and Node denies it what a forward needs',
      evidence,
      try: `node --permission --allow-child-process --allow-fs-read=* --allow-fs-write=*${hasNetPermission ? ' --allow-net' : ''} …`,
    },
    { cause },
  );

const assertFilesLeft = async (): Promise<void> => {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const most = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Infinity);
  // Only where it may matter: a busy process has thousands to be listed.
  if (most > 4096) return;
  const open = (await readdir('/proc/self/fd').catch(() => [])).length;
  if (most - open < neededFiles) throw tooFewFiles(`${open} are open, and ${most} may be`);
};

/** The error for a process that may not open as many files as it needs. */
export const tooFewFiles = (seen: string, cause?: unknown): LocalhostForwardError =>
  new LocalhostForwardError(
    'LHF_ERR_SYSTEM',
    { what: `This process may open too few files for a forward: ${seen}`, try: 'ulimit -n $(ulimit -Hn)' },
    { cause },
  );

/** Whether it was for want of files that something failed. */
export const isForFiles = (error: unknown): boolean =>
  /EMFILE|ENFILE|too many open files/i.test(
    `${String((error as { code?: unknown } | null)?.code)} ${(error as { message?: string } | null)?.message}`,
  );
