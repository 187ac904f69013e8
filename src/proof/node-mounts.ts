import { run } from '../command/run.ts';

const known = new Map<string, Promise<readonly string[]>>();

/** What an empty container needs to run this process's own node, read-only. */
export const readNodeMounts = (): Promise<readonly string[]> => readMounts(process.execPath);

/** What an empty container needs to run a program of this host: itself and each library that its loader names, read-only. */
export const readMounts = (program: string): Promise<readonly string[]> => {
  const mounts = known.get(program) ?? readAnew(program);
  known.set(program, mounts);
  return mounts;
};

const readAnew = async (program: string): Promise<readonly string[]> => {
  const { stdout } = await run(['ldd', program]);
  const libraries = stdout.split('\n').flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  return [program, ...libraries].map((path) => `${path}:${path}:ro`);
};
