#!/usr/bin/env node
import { printableLine } from '../printable.ts';
import { fail } from './fail.ts';
import { assertNode } from '../host/node-version.ts';
import { runProgram } from './program.ts';

// Whoever reads may have seen enough, as `head` has, or have hung up (EIO): what is under way still comes to its end, and what is open is
// closed. Only where something was to be kept, as on a full disk, it is said, and counts.
let lost: NodeJS.ErrnoException | undefined;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || (error.code === 'EIO' && stream.isTTY)) return;
    if (lost === undefined && stream === process.stdout)
      process.stderr.write(`localhost-forward: cannot write to standard output: ${printableLine(error.message)}\n`);
    lost ??= error;
    process.exitCode ||= 1;
  });
}

const end = (code: number): void => void (process.exitCode = code || (lost === undefined ? 0 : 1));

const main = async (): Promise<number> => {
  assertNode();
  return runProgram(process.argv.slice(2));
};

main().then(end, (error: unknown) => end(fail(error)));
