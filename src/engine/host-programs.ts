import { run } from '../command/run.ts';

const known = new Map<string, Promise<readonly string[]>>();

/** The files that a program of this host needs in an empty container: itself, and each library that its loader names. */
export const listFilesOf = (program: string): Promise<readonly string[]> => {
  const files = known.get(program) ?? readFilesOf(program);
  known.set(program, files);
  files.catch(() => known.delete(program));
  return files;
};

const readFilesOf = async (program: string): Promise<readonly string[]> => {
  const { stdout, stderr, exitCode, failure } = await run(['ldd', program]);
  // ldd says so of a program that needs no libraries; a program that could not be looked at would not start without them.
  if (exitCode !== 0 && !/not a dynamic executable|statically linked/.test(`${stdout}${stderr}`))
    throw new Error(
      `what ${program} needs cannot be listed: ldd ${failure ?? `ended with ${exitCode}: ${stderr.trim()}`}`,
    );
  const libraries = stdout.split('\n').flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  return [program, ...libraries];
};
