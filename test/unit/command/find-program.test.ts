import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { findProgram, systemPath } from '../../../src/command/find-program.ts';

const root = mkdtempSync(join(tmpdir(), 'lhf-find-'));
const folders = [join(root, 'absent'), join(root, 'first'), join(root, 'second')];
const put = (path: string, mode = 0o755): void => writeFileSync(join(root, path), '#!/bin/sh\nexit 1\n', { mode });

beforeAll(() => {
  mkdirSync(join(root, 'first/folder'), { recursive: true });
  mkdirSync(join(root, 'second'));
  for (const path of ['first/both', 'second/both', 'second/folder', 'second/unreadable', 'second/lost', 'real'])
    put(path);
  put('first/unreadable', 0o644);
  symlinkSync(join(root, 'nowhere'), join(root, 'first/lost'));
  symlinkSync(join(root, 'real'), join(root, 'second/link'));
});
afterAll(() => rmSync(root, { recursive: true }));

it.each([
  ['in the first folder that has it', 'both', 'first/both'],
  ['past a folder of that name', 'folder', 'second/folder'],
  ['past what may not be run', 'unreadable', 'second/unreadable'],
  ['past a link to nothing', 'lost', 'second/lost'],
  ['through a link, whose name it keeps', 'link', 'second/link'],
])('finds a program %s', (_, name, path) => {
  expect(findProgram(name, folders)).toBe(join(root, path));
});

it('tells that there is none, and leaves a path as it is', () => {
  expect(findProgram('none', folders)).toBeUndefined();
  expect(findProgram('/nonexistent/nft', folders)).toBe('/nonexistent/nft');
});

it('looks into the system’s folders alone, whatever PATH says', () => {
  put('first/sh');
  vi.stubEnv('PATH', folders.join(':'));
  try {
    expect(findProgram('sh')).toMatch(/^\/(usr\/)?bin\/sh$|^\/run\/current-system\/sw\/bin\/sh$/);
    expect(findProgram('both')).toBeUndefined();
  } finally {
    vi.unstubAllEnvs();
  }
  // Where npm puts the programs of packages that are installed for all.
  expect(systemPath.split(':')).not.toContain('/usr/local/bin');
});
