import { stripVTControlCharacters } from 'node:util';
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';

/** What one Vitest process came to. */
export interface Results {
  readonly passed: number;
  readonly skipped: number;
  /** Tests by file and name, each with what it found; files that did not load, and errors that belong to none. */
  readonly failed: readonly string[];
  readonly files: readonly { readonly name: string; readonly seconds: number }[];
}

/** What the line with the results begins with. */
export const resultsMark = '\u0001results ';

/** A Vitest reporter that tells whoever started Vitest what came of it, as one last line of JSON among the output. */
export default class CountResults implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()].map((test) => ({ module, test })));
    const count = (state: string): number => tests.filter(({ test }) => test.result().state === state).length;
    const results: Results = {
      passed: count('passed'),
      skipped: count('skipped') + count('pending'),
      failed: [
        ...tests
          .filter(({ test }) => test.result().state === 'failed')
          .map(({ module, test }) => `${module.relativeModuleId}: ${test.fullName}${renderErrors(test)}`),
        // Neither has a failed test in it: a file that did not load, a set-up that threw.
        ...modules
          .filter((module) => module.state() === 'failed' && [...module.children.allTests('failed')].length === 0)
          .map((module) => module.relativeModuleId),
        ...unhandled.map(({ name, message }) => `unhandled ${name}: ${message}`),
      ],
      files: modules.map((module) => ({
        name: module.relativeModuleId,
        seconds: (module.diagnostic().collectDuration + module.diagnostic().duration) / 1000,
      })),
    };
    process.stdout.write(`${resultsMark}${JSON.stringify(results)}\n`);
  }
}

const mostLines = 12;
const mostOfLine = 300;

/** What a test found: who reads the end of a run alone is to learn why it failed. */
const renderErrors = (test: TestCase): string => {
  const told = (test.result().errors ?? []).flatMap(({ message, diff = '', stack = '' }) => [
    ...stripVTControlCharacters(`${message}\n${diff}`).split('\n').slice(0, mostLines),
    ...stack
      .split('\n')
      .filter((line) => line.includes('/test/'))
      .slice(0, 3),
  ]);
  return told
    .filter((line) => line.trim() !== '')
    .map((line) => `\n    ${line.trimEnd().slice(0, mostOfLine)}`)
    .join('');
};
