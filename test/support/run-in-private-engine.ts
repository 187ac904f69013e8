/**
 * `node test/support/run-in-private-engine.ts [dockerd options] -- <command…>` runs a command beside an engine of its own,
 * in a network of its own, and ends with the command's exit code.
 */
import { startPrivateEngine } from './private-engine.ts';
import { exitOf } from './run.ts';
import { signalNumber } from './signals.ts';

const separator = process.argv.indexOf('--');
const command = separator < 0 ? [] : process.argv.slice(separator + 1);
if (command.length === 0) {
  console.error('usage: node test/support/run-in-private-engine.ts [dockerd options] -- <command…>');
  process.exit(2);
}

// The command decides what a signal means; it is in a session of its own, so that none reaches it twice.
const passed = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const early = new AbortController();
for (const signal of passed) process.on(signal, () => early.abort(signal));

await using engine = await startPrivateEngine({ dockerdArgs: process.argv.slice(2, separator) });
if (early.signal.aborted) {
  process.exitCode = 128 + signalNumber(early.signal.reason as NodeJS.Signals);
} else {
  const child = engine.spawn(command, { stdio: 'inherit', detached: true });
  for (const signal of passed) process.removeAllListeners(signal).on(signal, () => child.kill(signal));
  const [code, signal] = await exitOf(child);
  process.exitCode = code ?? 128 + signalNumber(signal);
}
