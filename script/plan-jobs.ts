import { globSync } from 'node:fs';
import { type ProjectName, type TestProject, projects, seconds } from '../test/projects.ts';

/** Some files of one project, for a process of their own. */
export interface Job {
  readonly name: string;
  readonly project: ProjectName;
  readonly files: readonly string[];
}

/** A file that is not known to be long. */
const usualSeconds = 5;
/** How long a part is to be: a start of Vitest and of an engine should be little beside it, and no lane should end long after the others. */
const partSeconds = 45;

/** The jobs for all files of these projects whose path contains one of the words, or for all; the longest job first. */
export const planJobs = (chosen: readonly ProjectName[], words: readonly string[]): Job[] =>
  chosen
    .flatMap((project) => {
      const files = filesOf(projects[project]).filter(
        (file) => words.length === 0 || words.some((word) => file.includes(word)),
      );
      const parts = split(files, projects[project].workers);
      return parts.map((part, index) => ({
        job: { name: parts.length === 1 ? project : `${project} ${index + 1}/${parts.length}`, project, files: part },
        length: lengthOf(part) / projects[project].workers,
      }));
    })
    .toSorted((a, b) => b.length - a.length)
    .map(({ job }) => job);

const filesOf = ({ paths }: TestProject): string[] =>
  paths.flatMap((path) => (path.endsWith('.ts') ? [path] : globSync(`${path}/**/*.test.ts`).toSorted()));

const secondsOf = (file: string): number => seconds[file] ?? usualSeconds;

const lengthOf = (files: readonly string[]): number => files.reduce((sum, file) => sum + secondsOf(file), 0);

/** Into parts of about the same length: each file, the longest first, goes to the part that is shortest so far. */
const split = (files: readonly string[], workers: number): string[][] => {
  const count = Math.min(files.length, Math.max(1, Math.round(lengthOf(files) / workers / partSeconds)));
  const parts = Array.from({ length: count }, (): string[] => []);
  for (const file of files.toSorted((a, b) => secondsOf(b) - secondsOf(a)))
    parts.reduce((shortest, part) => (lengthOf(part) < lengthOf(shortest) ? part : shortest)).push(file);
  return parts;
};
