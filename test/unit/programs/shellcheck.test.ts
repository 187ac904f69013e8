import { readdir } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { execHere } from '../../support/run.ts';

const folder = new URL('../../../src/programs/', import.meta.url);
const programs = (await readdir(folder)).filter((name) => name.endsWith('.sh'));

it.each(programs)('%s has nothing that shellcheck objects to', async (name) => {
  const where = await execHere(['sh', '-c', 'command -v shellcheck']);
  expect(where.exitCode, 'shellcheck is not installed. Try: sudo apt-get install shellcheck').toBe(0);
  const { stdout, exitCode } = await execHere(['shellcheck', '--shell=sh', new URL(name, folder).pathname]);
  expect(stdout).toBe('');
  expect(exitCode).toBe(0);
});

it('finds programs to check', () => expect(programs).toContain('holder.sh'));
