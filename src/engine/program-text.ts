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

/** A program, before it its parts, and a `require` that knows them beside Node's own modules: each part runs once, as a module does. */
const readWhole = async (name: string): Promise<string> => {
  const texts = await readParts(name);
  const parts = [...texts].map(([part, text]) => `'./${part}.cjs': (module, require) => {\n${text}\n}`);
  if (parts.length === 1) return texts.get(name) ?? '';
  return `(() => {
const loaded = new Map();
const parts = {
${parts.join(',\n')}
};
const load = (name) => {
  if (parts[name] === undefined) return require(name);
  if (!loaded.has(name)) {
    const module = { exports: {} };
    loaded.set(name, module);
    parts[name](module, load);
  }
  return loaded.get(name).exports;
};
load('./${name}.cjs');
})();`;
};

/** The texts of a program and of all that it requires, by name. */
const readParts = async (name: string, texts = new Map<string, string>()): Promise<Map<string, string>> => {
  if (texts.has(name)) return texts;
  texts.set(name, '');
  const text = await readFile(locate(name), 'utf8');
  texts.set(name, text);
  for (const [, part = ''] of text.matchAll(required)) await readParts(part, texts);
  return texts;
};

// In the folder beside this one in the sources, and beside the bundle in the package.
const locate = (name: string): string => {
  const inSources = fileURLToPath(new URL(`../programs/${name}.cjs`, import.meta.url));
  return existsSync(inSources) ? inSources : fileURLToPath(new URL(`./${name}.cjs`, import.meta.url));
};
