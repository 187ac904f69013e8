import { readdir, rmdir } from 'node:fs/promises';
import { until } from './until.ts';

const root = '/sys/fs/cgroup';

/** Removes a cgroup, with all below it, from each hierarchy; a killed engine leaves its containers' cgroups behind. */
export const removeCgroups = async (name: string): Promise<void> => {
  const hierarchies = [root, ...(await foldersIn(root))];
  await Promise.all(hierarchies.map((hierarchy) => removeTree(`${hierarchy}/${name}`)));
};

const removeTree = async (path: string): Promise<void> => {
  for (const child of await foldersIn(path)) await removeTree(child);
  // The kernel says EBUSY for a moment after the last process has gone.
  await until(() => removed(path), { timeoutMs: 3_000, everyMs: 10, what: `${path} to be free` });
};

const removed = async (path: string): Promise<boolean> => {
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
};

const foldersIn = async (path: string): Promise<string[]> => {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => `${path}/${entry.name}`);
  } catch {
    return [];
  }
};
