import { accessSync, constants, statSync } from 'node:fs';

/**
 * Where a system keeps its own programs. Packages bring programs of the same names (`nft` is also a tracer of files), which
 * `npm test` puts first in PATH and `npm install --global` puts into /usr/local/bin: neither is looked at, for what is found here
 * may run as root. NixOS has its programs in folders of its own, those that change the user before the others.
 */
const systemFolders = [
  '/usr/sbin',
  '/sbin',
  '/usr/bin',
  '/bin',
  '/usr/local/sbin',
  '/run/wrappers/bin',
  '/run/current-system/sw/bin',
] as const;

/** The PATH of every program that we run. */
export const systemPath = systemFolders.join(':');

const known = new Map<string, string>();

/** A system program's absolute path, looked for once per process; undefined where the system has none, which may change. */
export const findProgram = (name: string, folders: readonly string[] = systemFolders): string | undefined => {
  if (name.includes('/')) return name;
  const path = known.get(name) ?? folders.map((folder) => `${folder}/${name}`).find(isProgram);
  if (path !== undefined && folders === systemFolders) known.set(name, path);
  return path;
};

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
};
