import { existsSync, readFileSync } from 'node:fs';
import { basename, delimiter, dirname, join, resolve } from 'node:path';

/** A command line with which `--compose` cannot work; nothing has been done. */
export class ComposeRefusal extends Error {}

/** As compose looks for them, the first that is there. */
const fileNames = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const overrideNames = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
];

/**
 * The value of `COMPOSE_FILE` by which compose reads one file more than it would by itself: after those that the variable names here or in
 * `.env`, or those that compose would find in the folder, or above it.
 *
 * @throws ComposeRefusal where there is none.
 */
export const withComposeFile = (more: string, folder: string, env: NodeJS.ProcessEnv): string => {
  const separator = env['COMPOSE_PATH_SEPARATOR'] || delimiter;
  const named = env['COMPOSE_FILE'] || readDotEnv(folder);
  return [...(named ? [named] : findFiles(folder)), more].join(separator);
};

/**
 * Refuses a command that names compose's files itself: `COMPOSE_FILE` would not be read.
 *
 * @throws ComposeRefusal
 */
export const refuseFileOptions = ([file = '', ...args]: readonly string[]): void => {
  const program = basename(file);
  const options =
    program === 'docker-compose'
      ? args
      : program === 'docker' && args.includes('compose')
        ? args.slice(args.indexOf('compose') + 1)
        : [];
  for (let n = 0; n < options.length && options[n]?.startsWith('-') === true; n += 1) {
    const option = options[n] ?? '';
    if (/^(?:-f|--file)(?:=|$)/.test(option))
      throw new ComposeRefusal(`with --compose, files are named by COMPOSE_FILE and not by '${option}'`);
    if (takesValue.includes(option)) n += 1;
  }
};

/** Options of compose itself, before its command, whose value is a word of its own. */
const takesValue = ['-p', '--project-name', '--project-directory', '--profile', '--env-file', '--ansi', '--progress'];

const findFiles = (folder: string): string[] => {
  const present = (place: string, names: readonly string[]): string | undefined =>
    names.map((name) => join(place, name)).find((path) => existsSync(path));
  for (let place = resolve(folder); ; place = dirname(place)) {
    const found = present(place, fileNames);
    const override = present(place, overrideNames);
    if (found !== undefined) return [found, ...(override === undefined ? [] : [override])];
    if (place === dirname(place)) break;
  }
  throw new ComposeRefusal(`--compose found no compose.yaml in ${resolve(folder)} or above it, and no COMPOSE_FILE`);
};

const readDotEnv = (folder: string): string | undefined => {
  try {
    const text = readFileSync(join(folder, '.env'), 'utf8');
    return /^[ \t]*COMPOSE_FILE[ \t]*=[ \t]*(['"]?)(.+?)\1[ \t]*\r?$/m.exec(text)?.[2];
  } catch {
    return undefined;
  }
};
