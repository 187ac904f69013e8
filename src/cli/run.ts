import { spawn, type ChildProcess } from 'node:child_process';
import { AbortController } from '../abort.ts';
import { isLocalhostForwardError, textOf } from '../errors.ts';
import { openLocalhostForward } from '../index.ts';
import { isForegroundOfTerminal } from '../host/terminal.ts';
import type { LocalhostForwardOptions, PortForward } from '../types.ts';
import { describePorts } from './describe-ports.ts';
import { fail } from './fail.ts';
import { exitCodeOf, signalNumber } from './interrupt.ts';
import { assertServices } from '../forward/compose.ts';
import {
  currentFolder,
  joinsNothing,
  refuseDetached,
  refuseFileOptions,
  refuseUnknownServices,
} from './compose-files.ts';
import { printableLine } from '../printable.ts';
import { openComposeProject } from './compose-project.ts';
import { openTerminal } from './terminal.ts';

export interface RunArguments {
  readonly ports: readonly PortForward[];
  readonly options: Pick<LocalhostForwardOptions, 'strategy' | 'hostname' | 'subnet' | 'verify' | 'hermetic'>;
  readonly command: readonly [string, ...string[]];
  /** Services of a compose project that join the forward's network. */
  readonly compose?: readonly string[];
}

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;

/** As shells have it for a command that cannot be started, and for one that is not there. */
const notExecutable = 126;
const notFound = 127;

const composeHint =
  'no service of the compose project joins this forward: name those that shall by --compose <service...>';

/**
 * `localhost-forward run`: the command runs while the forward is open. Resolves to the command's exit code.
 * A signal means what the command takes it for: until it has ended the forward stays open, whatever came.
 */
export const run = async ({ ports, options, command, compose }: RunArguments): Promise<number> => {
  refuseDetached(command);
  if (compose !== undefined) {
    assertServices(compose);
    refuseFileOptions(command);
    refuseUnknownServices(compose, currentFolder(), process.env);
  }
  const opening = new AbortController();
  let child: ChildProcess | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (child === undefined) opening.abort(signal);
    else if (!arrivedAlready(signal)) child.kill(signal);
  };
  for (const signal of forwarded) process.on(signal, onSignal);
  try {
    await using net = await openLocalhostForward(ports, { ...options, signal: opening.signal });
    await using project = compose === undefined ? undefined : await openComposeProject(net, compose);
    const { write, colors } = openTerminal(process.stderr);
    for (const { text, isWarning } of await describePorts(net)) write(`${isWarning ? colors.yellow(text) : text}\n`);
    if (compose === undefined && joinsNothing(command, currentFolder(), process.env))
      write(`${colors.yellow(composeHint)}\n`);
    // The last word before the command starts: from here on signals are its own.
    if (opening.signal.aborted) return exitCodeOf(opening.signal);
    const [file, ...args] = command;
    const env = { ...process.env, ...net.env, ...project?.env };
    try {
      child = spawn(file, args, { stdio: 'inherit', env });
    } catch (error) {
      // Node throws some of the system's refusals, and tells others by an event.
      return tellNotStarted(file, error as NodeJS.ErrnoException);
    }
    return await exitOf(child, file);
  } catch (error) {
    if (!opening.signal.aborted) throw error;
    // Whoever interrupted it knows that, and not what stays.
    if (!isAbortWithoutRest(error)) fail(error);
    return exitCodeOf(opening.signal);
  } finally {
    for (const signal of forwarded) process.off(signal, onSignal);
  }
};

const isAbortWithoutRest = (error: unknown): boolean =>
  isLocalhostForwardError(error) && error.code === 'LHF_ERR_ABORTED' && textOf(error).evidence === undefined;

// Keys at a terminal signal the whole foreground group: the command has had its own already.
const arrivedAlready = (signal: NodeJS.Signals): boolean =>
  ['SIGINT', 'SIGQUIT', 'SIGHUP'].includes(signal) && isForegroundOfTerminal();

const exitOf = (child: ChildProcess, file: string): Promise<number> =>
  new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      // An error after the start (a signal that could not be sent) is not the end.
      if (child.pid !== undefined) return;
      resolve(tellNotStarted(file, error));
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + signalNumber(signal ?? 'SIGKILL')));
  });

/** Says so, and gives the exit code of it. */
const tellNotStarted = (file: string, error: NodeJS.ErrnoException): number => {
  const { write, colors } = openTerminal(process.stderr);
  write(
    `${colors.red(`localhost-forward run: cannot start '${printableLine(file)}': ${printableLine(reasonOf(error))}`)}\n`,
  );
  return error.code === 'ENOENT' ? notFound : notExecutable;
};

const reasonOf = (error: NodeJS.ErrnoException): string =>
  ({ ENOENT: 'no such command', EACCES: 'permission denied' })[error.code ?? ''] ?? error.message;
