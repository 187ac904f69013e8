/**
 * `node test/support/run-in-private-engine.ts [dockerd options] -- <command…>` runs a command beside an engine of its own,
 * in a network of its own, and ends with the command's exit code.
 */
import type { ChildProcess } from 'node:child_process';
import { findLostShims } from './lost-shims.ts';
import { startPrivateEngine } from './private-engine.ts';
import { exitOf } from './run.ts';
import { signalNumber } from './signals.ts';

const separator = process.argv.indexOf('--');
const command = separator < 0 ? [] : process.argv.slice(separator + 1);
if (command.length === 0) {
  console.error('usage: node test/support/run-in-private-engine.ts [dockerd options] -- <command…>');
  process.exit(2);
}

// The command decides what a signal means; it is in a session of its own, so that none reaches it twice. One listener for all time: what is
// on its way to one that is taken off reaches nobody.
let child: ChildProcess | undefined;
let early: NodeJS.Signals | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    if (child === undefined) early ??= signal;
    else child.kill(signal);
  });

await using engine = await startPrivateEngine({ dockerdArgs: process.argv.slice(2, separator) });
if (early !== undefined) {
  process.exitCode = 128 + signalNumber(early);
} else {
  child = engine.spawn(command, { stdio: 'inherit', detached: true });
  const [code, signal] = await exitOf(child);
  process.exitCode = code ?? 128 + signalNumber(signal);
  const lost = await findLostShims(engine);
  if (lost.length > 0) {
    console.error(`The engine knows these containers no more, and their shims still run: ${lost.join(' ')}`);
    process.exitCode ||= 1;
  }
}
