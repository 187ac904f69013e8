import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { execHere, outputOf } from '../support/run.ts';
import { projectRoot } from '../support/children.ts';

test('SECURITY.md names tests that are there', () => {
  const text = readFileSync(`${projectRoot}SECURITY.md`, 'utf8');
  const files = [...text.matchAll(/test\/[\w/-]+\.test\.ts/g)].map(([file]) => file);
  expect(files.length).toBeGreaterThanOrEqual(10);
  expect(files.filter((file) => !existsSync(`${projectRoot}${file}`))).toEqual([]);
});

test('nothing runs where the package is installed, and nothing is in it that nobody named', async () => {
  const { scripts } = JSON.parse(readFileSync(`${projectRoot}package.json`, 'utf8')) as { scripts: object };
  const atInstall = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish', 'preprepare', 'postprepare'];
  expect(Object.keys(scripts).filter((name) => atInstall.includes(name))).toEqual([]);
  const listed = await outputOf(execHere, ['npm', 'pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: projectRoot,
  });
  const [{ files = [] } = {}] = JSON.parse(listed) as { files?: { path: string }[] }[];
  const paths = files.map(({ path }) => path);
  const others = paths.filter((path) => !/^(?:dist|schema)\//.test(path));
  expect(others.toSorted()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
  expect(paths.filter((path) => !/\.(?:c?js|d\.c?ts|sh|json|md|map)$/.test(path) && path !== 'LICENSE')).toEqual([]);
});
