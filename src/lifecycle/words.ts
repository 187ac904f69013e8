import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, rmdir, unlink } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { temporaryFolder } from '../host/temporary-folder.ts';
import { parseSession } from '../ownership/owner.ts';
import { printableLine } from '../printable.ts';

/*
 * What a guardian could not do, it leaves as a file for the next opening by the same user: it has nobody to tell by then, and may have
 * no rights left but those to write a file.
 */

/** Something that stays, and why. */
export interface Stay {
  /** Such as `network lhf-…`. */
  readonly what: string;
  readonly why: string;
}

/** How many things one warning names. */
const namedAtMost = 5;

/** The user's own folder for such words; undefined on systems where files have no owner. */
export const wordsFolder = (): string | undefined => {
  const uid = process.getuid?.() ?? userInfo().uid;
  return uid < 0 ? undefined : join(temporaryFolder(), `localhost-forward-${uid}`);
};

/** Leaves word of what stays of a session. @throws Error where the folder is somebody else's, or cannot be written. */
export const leaveWord = async (folder: string, session: string, stays: readonly Stay[]): Promise<void> => {
  await mkdir(folder, { mode: 0o700 }).catch(ignore('EEXIST'));
  if (!isOwn(await lstat(folder), (stats) => stats.isDirectory())) throw new Error(`${folder} is not this user's own`);
  const path = join(folder, `${session}.json`);
  await unlink(path).catch(ignore('ENOENT'));
  // Whatever stands there by now is not followed.
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ session, stays })}\n`);
  } finally {
    await file.close();
  }
};

/** Tells by process warnings what guardians could not do, and takes their words away: each is told once. */
export const tellWords = async (): Promise<void> => {
  for (const { path, session, stays } of await readWords()) {
    await unlink(path).catch(ignore('ENOENT'));
    process.emitWarning(describe(session, stays), {
      type: 'LocalhostForwardWarning',
      code: 'LHF_WARN_GUARDIAN',
    });
  }
  await removeFolder();
};

/** Takes away the words on sessions of which nothing is left. */
export const forgetWords = async (isGone: (session: string) => boolean): Promise<void> => {
  for (const { path, session } of await readWords()) if (isGone(session)) await unlink(path).catch(ignore('ENOENT'));
  await removeFolder();
};

interface Word {
  readonly path: string;
  readonly session: string;
  readonly stays: readonly Stay[];
}

const readWords = async (): Promise<Word[]> => {
  const folder = wordsFolder();
  if (folder === undefined) return [];
  const stats = await lstat(folder).catch(() => undefined);
  // Anybody may make a folder of this name: in one that is not our own nothing is believed.
  if (stats === undefined || !isOwn(stats, (one) => one.isDirectory())) return [];
  const names = await readdir(folder).catch((): string[] => []);
  const words = await Promise.all(names.map((name) => readWord(join(folder, name)).catch(() => undefined)));
  return words.filter((word) => word !== undefined);
};

const readWord = async (path: string): Promise<Word | undefined> => {
  const session = basename(path, '.json');
  if (parseSession(session) === undefined) return undefined;
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!isOwn(await file.stat(), (stats) => stats.isFile())) return undefined;
    return { path, session, stays: parseStays(await file.readFile('utf8')) };
  } finally {
    await file.close();
  }
};

/** One that is cut off, or none of ours, still says that something stays. */
const parseStays = (text: string): Stay[] => {
  try {
    const { stays } = JSON.parse(text) as { stays?: unknown };
    return Array.isArray(stays) ? stays.filter(isStay) : [];
  } catch {
    return [];
  }
};

const isStay = (value: unknown): value is Stay =>
  ['what', 'why'].every((key) => typeof (value as Record<string, unknown> | null)?.[key] === 'string');

const describe = (session: string, stays: readonly Stay[]): string => {
  const byReason = Map.groupBy(stays, ({ why }) => why);
  const told = Array.from(byReason, ([why, things]) => {
    const names = things.slice(0, namedAtMost).map(({ what }) => what);
    const more = things.length > namedAtMost ? ` and ${things.length - namedAtMost} more` : '';
    return `${names.join(', ')}${more} (${why})`;
  });
  const what = told.length === 0 ? 'something' : told.join('; ');
  return `process ${parseSession(session)?.pid} left ${printableLine(what)}\nTry: localhost-forward sweep`;
};

const isOwn = (stats: Stats, isKind: (stats: Stats) => boolean): boolean =>
  isKind(stats) && (process.getuid === undefined || (stats.uid === process.getuid() && (stats.mode & 0o022) === 0));

const removeFolder = async (): Promise<void> => {
  const folder = wordsFolder();
  if (folder !== undefined) await rmdir(folder).catch(() => undefined);
};

const ignore =
  (...codes: string[]) =>
  (error: unknown): void => {
    if (!codes.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  };
