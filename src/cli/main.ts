#!/usr/bin/env node
import { fail } from './fail.ts';
import { runProgram } from './program.ts';

runProgram(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => (process.exitCode = fail(error)),
);
