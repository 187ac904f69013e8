import { run } from '../command/run.ts';

let known: Promise<readonly string[]> | undefined;

/** What an empty container needs to run this process's own node: itself and each library that its loader names, read-only. */
export const readNodeMounts = (): Promise<readonly string[]> => (known ??= readAnew());

const readAnew = async (): Promise<readonly string[]> => {
  const { stdout } = await run(['ldd', process.execPath]);
  const libraries = stdout.split('\n').flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  return [process.execPath, ...libraries].map((path) => `${path}:${path}:ro`);
};
