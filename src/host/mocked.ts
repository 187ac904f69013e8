import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { LocalhostForwardError } from '../errors.ts';

/** What runners' mocks and stubs have of their own. */
const isMock = (value: object): boolean => '_isMockFunction' in value || 'isSinonProxy' in value;

const replacedOnes = (): string[] =>
  Object.entries({
    child_process: [spawn],
    fs: [existsSync, readFileSync],
    // The engine's client looks at it anew for each call. Not imported, since most of its cost is for those who open something.
    http: [process.getBuiltinModule('node:http').request],
    net: [connect, createServer],
  }).flatMap(([name, functions]) => (functions.some(isMock) ? [name] : []));

/**
 * Refuses to work through functions of Node's that a test has replaced in Node's own modules, since nothing could be learnt of engine and
 * kernel. What a runner puts in the place of a module for one test file does not reach this package.
 *
 * @throws LHF_ERR_UNSUPPORTED naming the modules.
 */
export const assertGenuineModules = (): void => {
  const replaced = replacedOnes();
  if (replaced.length === 0) return;
  throw new LocalhostForwardError('LHF_ERR_UNSUPPORTED', {
    what: `A spy or stub is in Node's own ${replaced.join(', ')}, and a forward is made with the real ones`,
    try: 'open the forward before the spies',
  });
};
