import { globSync } from 'node:fs';
import { type ProjectName, type TestProject, projects, seconds as secondsOf, wholeRunsOnly } from '../test/projects.ts';

/** Some files of one project, for a process of their own. */
export interface Job {
  readonly name: string;
  readonly project: ProjectName;
  readonly files: readonly string[];
  /** What the private engine is started with, where there is one. */
  readonly dockerd: readonly string[];
}

/** How long a part is to be: starts of Vitest and of an engine should be little beside it, and no lane should end long after the others. */
const partSeconds = { here: 60, 'private engine': 140 };

/** The jobs for all files of these projects whose path contains one of the words, or for all of a plain or a whole run; the longest job first. */
export const planJobs = (chosen: readonly ProjectName[], words: readonly string[], isWhole: boolean): Job[] =>
  chosen
    .flatMap((project) => {
      const isNamed = (path: string): boolean =>
        (isWhole || !wholeRunsOnly.includes(path)) && (words.length === 0 || words.some((word) => path.includes(word)));
      const { where, besideEngineRules = [] }: TestProject = projects[project];
      const files = filesOf(projects[project]).filter(({ path }) => isNamed(path));
      const isBeside = ({ path }: File): boolean => besideEngineRules.some((one) => path.startsWith(one));
      const parts = [
        ...split(files.filter(isBeside), partSeconds[where]).map((part) => ({ part, dockerd: [] })),
        ...split(
          files.filter((file) => !isBeside(file)),
          partSeconds[where],
        ).map((part) => ({ part, dockerd: ['--iptables=false'] })),
      ];
      return parts.map(({ part, dockerd }, index) => ({
        name: parts.length === 1 ? project : `${project} ${index + 1}/${parts.length}`,
        project,
        files: part.map(({ path }) => path),
        dockerd,
        length: lengthOf(part),
      }));
    })
    .toSorted((a, b) => b.length - a.length);

interface File {
  readonly path: string;
  /** How long it keeps its part busy, in seconds. */
  readonly length: number;
}

const filesOf = ({ paths, workers, usualSeconds }: TestProject): File[] =>
  paths
    .flatMap((path) => (path.endsWith('.ts') ? [path] : globSync(`${path}/**/*.test.ts`).toSorted()))
    .map((path) => ({ path, length: (secondsOf[path] ?? usualSeconds) / workers }));

const lengthOf = (files: readonly File[]): number => files.reduce((sum, { length }) => sum + length, 0);

/** Into parts of about the same length: each file, the longest first, goes to the part that is shortest so far. */
const split = (files: readonly File[], seconds: number): File[][] => {
  const count = Math.min(files.length, Math.max(1, Math.round(lengthOf(files) / seconds)));
  const parts = Array.from({ length: count }, (): File[] => []);
  for (const file of files.toSorted((a, b) => b.length - a.length))
    parts.reduce((shortest, part) => (lengthOf(part) < lengthOf(shortest) ? part : shortest)).push(file);
  return parts;
};
