#!/usr/bin/env node
import { fail } from './fail.ts';
import { assertNode } from '../host/node-version.ts';
import { runProgram } from './program.ts';

// Whoever reads may have seen enough, as `head` has: what is under way still comes to its end, and what is open is closed.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const main = async (): Promise<number> => {
  assertNode();
  return runProgram(process.argv.slice(2));
};

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => (process.exitCode = fail(error)),
);
