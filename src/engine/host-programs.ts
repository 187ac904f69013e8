import { run } from '../command/run.ts';

const known = new Map<string, Promise<readonly string[]>>();

/** The files that a program of this host needs in an empty container: itself, and each library that its loader names. */
export const listFilesOf = (program: string): Promise<readonly string[]> => {
  const files = known.get(program) ?? readFilesOf(program);
  known.set(program, files);
  return files;
};

const readFilesOf = async (program: string): Promise<readonly string[]> => {
  const { stdout } = await run(['ldd', program]);
  const libraries = stdout.split('\n').flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  return [program, ...libraries];
};
