import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const known = new Map<string, Promise<string>>();

/** The text of a program of ours that helper containers run: text, so that an engine on another host runs it too. */
export const readProgramText = (name: 'probe' | 'intruder' | 'rights'): Promise<string> => {
  const text = known.get(name) ?? readFile(locate(name), 'utf8');
  known.set(name, text);
  text.catch(() => known.delete(name));
  return text;
};

// In the folder beside this one in the sources, and beside the bundle in the package.
const locate = (name: string): string => {
  const inSources = fileURLToPath(new URL(`../programs/${name}.cjs`, import.meta.url));
  return existsSync(inSources) ? inSources : fileURLToPath(new URL(`./${name}.cjs`, import.meta.url));
};
