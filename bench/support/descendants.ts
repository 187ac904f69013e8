import { readdir, readFile } from 'node:fs/promises';

/** The processes that a process started, and those that these started, parents first. */
export const listDescendants = async (pid: number): Promise<number[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map<number, number>();
  await Promise.all(
    pids.map(async (each) => {
      const stat = await readFile(`/proc/${each}/stat`, 'utf8').catch(() => '');
      // The command before it may contain anything.
      parents.set(each, Number(stat.split(') ').at(-1)?.split(' ')[1] ?? 0));
    }),
  );
  const below = (parent: number): number[] =>
    pids.filter((each) => parents.get(each) === parent).flatMap((child) => [child, ...below(child)]);
  return below(pid);
};
