import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const known = new Map<string, Promise<string>>();

/**
 * The text of a program of ours that a helper container or a thread runs, whole: text, so that an engine on another host runs it too, and
 * a thread where no file can be loaded by its path.
 */
export const readProgramText = (
  name: 'probe' | 'intruder' | 'rights' | 'relay-worker' | 'sidecar' | 'localhost',
): Promise<string> => {
  const text = known.get(name) ?? readWhole(name);
  known.set(name, text);
  text.catch(() => known.delete(name));
  return text;
};

const required = /require\('\.\/([\w-]+)\.cjs'\)/g;

/** A program with its parts in place of what requires them. */
const readWhole = async (name: string): Promise<string> => {
  const text = await readFile(locate(name), 'utf8');
  const names = [...new Set(Array.from(text.matchAll(required), ([, part = '']) => part))];
  const parts = new Map(await Promise.all(names.map(async (part) => [part, await readWhole(part)] as const)));
  return text.replaceAll(
    required,
    (_, part: string) => `(() => { const module = { exports: {} };\n${parts.get(part)}\nreturn module.exports; })()`,
  );
};

// In the folder beside this one in the sources, and beside the bundle in the package.
const locate = (name: string): string => {
  const inSources = fileURLToPath(new URL(`../programs/${name}.cjs`, import.meta.url));
  return existsSync(inSources) ? inSources : fileURLToPath(new URL(`./${name}.cjs`, import.meta.url));
};
