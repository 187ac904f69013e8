import type { Command } from 'commander';
import { headlineOf, type LocalhostForwardError } from '../errors.ts';
import { printableLine } from '../printable.ts';

/** A command line that cannot be understood: exit code 2, one line and the usage. */
export const usageExitCode = 2;

export const refuseUsage = (command: Command, message: string): never =>
  command.error(`${nameOf(command)}: ${message}`, { exitCode: usageExitCode });

/** The one line and the usage, as commander hands over its complaints. */
export const renderUsageError = (command: Command, complaint: string): string => {
  const line = complaint
    .trim()
    .replace(/^error: /, '')
    .replaceAll(/\s+/g, ' ')
    .replace(/^.* is invalid(?: for argument '[^']*')?\. (?=expected )/, '');
  const name = nameOf(command);
  return `${printableLine(line.startsWith(`${name}: `) ? line : `${name}: ${line}`)}\nUsage: ${name} ${command.usage()}\n`;
};

/** What the library refused, in the words of the command line. */
export const renderRefusal = (error: LocalhostForwardError): string =>
  headlineOf(error)
    .replace(/`services(?:\[\d+\])?`/, '--compose')
    .replaceAll(/`options\.(\w+)(?:\[\d+\])?`/g, '--$1')
    .replace('Expected ', 'expected ');

export const nameOf = (command: Command): string =>
  command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
