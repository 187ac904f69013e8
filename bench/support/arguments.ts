import { parseArgs } from 'node:util';
import type { Strategy } from '../../src/index.ts';

/** Numbers given as `--name 5`, over their defaults. */
export const readNumbers = <Name extends string>(defaults: Readonly<Record<Name, number>>): Record<Name, number> => {
  const given = readArguments();
  const entries = Object.entries<number>(defaults);
  return Object.fromEntries(entries.map(([name, value]) => [name, Number(given[name] ?? value)])) as Record<
    Name,
    number
  >;
};

/** `--strategies nftables,iptables`, which is the default. */
export const readStrategies = (): Strategy[] => readList('strategies', ['nftables', 'iptables']) as Strategy[];

/** Words given as `--name one,two`. */
export const readList = (name: string, otherwise: readonly string[]): string[] => {
  const given = readArguments()[name];
  return typeof given === 'string' ? given.split(',') : [...otherwise];
};

export const readFlag = (name: string): boolean => readArguments()[name] !== undefined;

const readArguments = (): Record<string, unknown> => {
  const words = process.argv.slice(2);
  // Each option takes the word after it, where that is not an option itself.
  const options = words.flatMap((word, n) =>
    word.startsWith('--')
      ? [[word.slice(2), { type: (words[n + 1] ?? '--').startsWith('--') ? 'boolean' : 'string' } as const] as const]
      : [],
  );
  return parseArgs({ args: words, options: Object.fromEntries(options) }).values;
};
