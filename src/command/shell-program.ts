import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Our shell programs, by their files' names. */
export type ShellProgram = 'as-root' | 'holder' | 'hold-nft' | 'hold-bridges' | 'hold-iptables' | 'iptables';

/** Shell programs as one text for `sh -c`: those that define functions before those that use them. */
export const readShellPrograms = (...names: readonly ShellProgram[]): string => names.map(readOnce).join('\n');

const known = new Map<ShellProgram, string>();

const readOnce = (name: ShellProgram): string => {
  const text = known.get(name) ?? readFileSync(pathOf(`${name}.sh`), 'utf8');
  known.set(name, text);
  return text;
};

// In a folder of their own in the sources, and beside the bundle in the package.
const pathOf = (file: string): string => {
  const inSources = fileURLToPath(new URL(`../programs/${file}`, import.meta.url));
  return existsSync(inSources) ? inSources : fileURLToPath(new URL(`./${file}`, import.meta.url));
};
