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
  const named = env['COMPOSE_FILE'] || readDotEnv(folder, 'COMPOSE_FILE');
  return [...(named ? [named] : findFiles(folder)), more].join(separatorIn(folder, env));
};

/**
 * Refuses a command that names compose's files or their folder itself: `COMPOSE_FILE` would not be read, or not be these.
 *
 * @throws ComposeRefusal
 */
export const refuseFileOptions = (command: readonly string[]): void => {
  const options = composeArguments(command);
  for (let n = 0; n < options.length && options[n]?.startsWith('-') === true; n += 1) {
    const option = options[n] ?? '';
    if (namesFile.test(option))
      throw new ComposeRefusal(`with --compose, files are named by COMPOSE_FILE and not by '${option}'`);
    if (namesFolder.test(option))
      throw new ComposeRefusal(
        `with --compose, the project is that of this folder: go there in place of '${option.replace(/=.*/, '')}'`,
      );
    if (takesValue.includes(option)) n += 1;
  }
};

/**
 * Refuses a service that no file of the project speaks of. Files that include others, or that cannot be read, are compose's own matter.
 *
 * @throws ComposeRefusal
 */
export const refuseUnknownServices = (services: readonly string[], folder: string, env: NodeJS.ProcessEnv): void => {
  const files = filesOf(folder, env);
  const texts = files.map((file) => readText(resolve(folder, file)));
  if (texts.some((text) => text === undefined || /^\s*(?:include|extends)\s*:/m.test(text))) return;
  const isKnown = (name: string): boolean =>
    texts.some((text) =>
      new RegExp(String.raw`(?:^|[\s{,'"])${name.replaceAll('.', String.raw`\.`)}['"]?\s*:`).test(text ?? ''),
    );
  const unknown = services.find((name) => !isKnown(name));
  if (unknown !== undefined) throw new ComposeRefusal(`--compose ${unknown}: no such service in ${files.join(', ')}`);
};

/**
 * Refuses compose in the background: it has ended once all is started, and the forward with it.
 *
 * @throws ComposeRefusal
 */
export const refuseDetached = (command: readonly string[]): void => {
  const [name, ...args] = composeCommand(command);
  const option = name === 'up' ? args.find((word) => detaches.test(word)) : undefined;
  if (option !== undefined)
    throw new ComposeRefusal(
      `'compose up ${option}' ends once all is started, and the forward with its command: leave '${option}' away`,
    );
};

const detaches = /^(?:-[A-Za-z]*d[A-Za-z]*|--detach(?:=true)?|--wait(?:=true)?)$/;

/** What a command line tells compose; nothing where it is another program's. */
const composeArguments = ([file = '', ...args]: readonly string[]): readonly string[] => {
  const program = basename(file);
  if (program === 'docker-compose') return args;
  return program === 'docker' && args.includes('compose') ? args.slice(args.indexOf('compose') + 1) : [];
};

/** Compose's own command and what follows it: what comes before are options of its own. */
const composeCommand = (command: readonly string[]): readonly string[] => {
  const args = composeArguments(command);
  let at = 0;
  while (args[at]?.startsWith('-') === true) at += [...takesValue, '-f', '--file'].includes(args[at] ?? '') ? 2 : 1;
  return args.slice(at);
};

/** An option by which compose looks for its files elsewhere. */
const namesFolder = /^--(?:project-directory|workdir)(?:=|$)/;

/** An option that names a file of compose's. */
const namesFile = /^(?:-f|--file(?:=|$))/;

const starts = ['up', 'run', 'start', 'create', 'restart', 'watch'];

/** Whether compose starts services that join no forward: neither its files nor `--compose` name the network. */
export const joinsNothing = (command: readonly string[], folder: string, env: NodeJS.ProcessEnv): boolean => {
  const [name = ''] = composeCommand(command);
  const args = composeArguments(command);
  if (!starts.includes(name) || args.slice(0, args.indexOf(name)).some((word) => namesFile.test(word))) return false;
  try {
    return !filesOf(folder, env).some((file) =>
      readFileSync(resolve(folder, file), 'utf8').includes('LOCALHOST_FORWARD_NETWORK'),
    );
  } catch {
    // Compose itself says what is wrong with its files.
    return false;
  }
};

/** Options of compose itself, before its command, whose value is a word of its own. */
const takesValue = [
  '-p',
  '--project-name',
  '--project-directory',
  '--workdir',
  '--profile',
  '--env-file',
  '--ansi',
  '--parallel',
  '--progress',
];

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

const filesOf = (folder: string, env: NodeJS.ProcessEnv): string[] => {
  const named = env['COMPOSE_FILE'] || readDotEnv(folder, 'COMPOSE_FILE');
  return named ? named.split(separatorIn(folder, env)) : findFiles(folder);
};

const separatorIn = (folder: string, env: NodeJS.ProcessEnv): string =>
  env['COMPOSE_PATH_SEPARATOR'] || readDotEnv(folder, 'COMPOSE_PATH_SEPARATOR') || delimiter;

const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

/** A variable of compose's `.env`: quoted or not, with a comment after it or `export` before. */
const readDotEnv = (folder: string, name: string): string | undefined => {
  const text = readText(join(folder, '.env')) ?? '';
  const [, value = ''] =
    new RegExp(String.raw`^[ \t]*(?:export[ \t]+)?${name}[ \t]*=[ \t]*(.*?)[ \t]*\r?$`, 'm').exec(text) ?? [];
  return /^(['"])(.*?)\1/.exec(value)?.[2] ?? (value.replace(/(?:^|[ \t]+)#.*$/, '') || undefined);
};

/** `/` where that was removed: there is no compose file in it, either. */
export const currentFolder = (): string => {
  try {
    return process.cwd();
  } catch {
    return '/';
  }
};
