import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { temporaryFolder } from '../../host/temporary-folder.ts';
import { idOfBridge } from '../../ownership/names.ts';
import { parseSession } from '../../ownership/owner.ts';
import { removalOrder, type LeftoverKind, type Mark } from '../leftover-kind.ts';
import type { Told } from '../told.ts';

/** Longer paths than this are no address of a unix socket. */
const longestPath = 100;
const prefix = 'lhf-carried-';
/** Sockets of a forward, or what `run --compose` has written for it. */
const pattern = /^lhf-(?:carried|compose)-(lhf-[0-9a-z]{8})-([0-9a-z-]+)-\w{6}$/;

/** The sockets in such a folder, by what they are for. Their names are short: their paths must be. */
const socketNames = { sidecar: 's', desk: 'd' } as const;

/** Where they are: the second where the first is too deep, or cannot be written to. */
const places = (): string[] => [...new Set([temporaryFolder(), '/tmp'])];

/** A folder of this user's alone, for the sockets of one forward, with mode 0700 whatever the umask. Its name tells whose it is. */
export const makeSocketFolder = async (bridge: string, session: string, told?: Told): Promise<string> => {
  const name = `${prefix}${bridge}-${session}-`;
  const [first = '/tmp', second] = places().filter(
    (place) => join(place, `${name}123456`, socketNames.desk).length <= longestPath,
  );
  if (told === undefined)
    return mkdtemp(join(first, name)).catch((error: unknown) => {
      if (second === undefined) throw error;
      return mkdtemp(join(second, name));
    });
  const folder = join(first, `${name}XXXXXX`);
  told.say({ by: 'process', call: 'mkdir', lines: [folder] });
  return folder;
};

/** The same for files that a command is given while its forward is open. */
export const makeComposeFolder = (bridge: string, session: string): Promise<string> => {
  const name = `lhf-compose-${bridge}-${session}-`;
  return mkdtemp(join('/tmp', name)).catch(() => mkdtemp(join(temporaryFolder(), name)));
};

export const socketIn = (folder: string, purpose: keyof typeof socketNames): string =>
  join(folder, socketNames[purpose]);

export const removeFolder = async (folder: string, told?: Told): Promise<void> => {
  if (told === undefined) await rm(folder, { recursive: true, force: true });
  else told.say({ by: 'process', call: 'rm', lines: [folder] });
};

/** The folder of a forward that another process of this user carries; undefined where there is none. */
export const findSocketFolder = async (bridge: string): Promise<string | undefined> => {
  const found = await Promise.all(places().map(listIn));
  const isOfSockets = (name: string): boolean => basename(name).startsWith(prefix);
  return found.flat().find(({ bridges, name }) => bridges.includes(bridge) && isOfSockets(name))?.name;
};

/** Folders of forwards whose process was killed: their sockets are dead. Only this user's own: anybody may choose a name in /tmp. */
export const socketFolders: LeftoverKind = {
  name: 'folders of sockets',
  kind: 'folder',
  order: removalOrder.guard,
  needsRights: false,
  listedAt: 'every opening',
  list: async (_tools, session) => {
    const found = await Promise.all(places().map(listIn));
    return found.flat().filter((mark) => session === undefined || mark.session === session);
  },
  remove: (marks) =>
    Promise.all(
      marks.map(async (mark) => {
        try {
          await removeFolder(mark.name);
          return { mark };
        } catch (error) {
          return { mark, failure: String(error) };
        }
      }),
    ),
};

const listIn = async (place: string): Promise<Mark[]> => {
  const names = (await readdir(place).catch((): string[] => [])).filter((name) => pattern.test(name));
  const marks = await Promise.all(names.map((name) => readMark(join(place, name))));
  return marks.flatMap((mark) => mark ?? []);
};

const readMark = async (path: string): Promise<Mark | undefined> => {
  const [, bridge = '', session = ''] = pattern.exec(basename(path)) ?? [];
  const nonce = parseSession(session)?.nonce;
  if (nonce === undefined || idOfBridge(bridge)?.startsWith(nonce) !== true) return undefined;
  const stats = await lstat(path).catch(() => undefined);
  if (stats?.isDirectory() !== true || stats.uid !== process.getuid?.()) return undefined;
  const origin = socketFolders.name;
  return { kind: 'folder', name: path, origin, nonce, session, bridges: [bridge], created: stats.mtimeMs };
};
