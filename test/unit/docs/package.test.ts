import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import packageJson from '../../../package.json' with { type: 'json' };

test('npm publishes package.json as it stands: what it would correct it leaves out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lhf-unit-'));
  try {
    copyFileSync('package.json', join(folder, 'package.json'));
    execFileSync('npm', ['pkg', 'fix'], { cwd: folder, stdio: 'ignore' });
    expect(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).toEqual(packageJson);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('each entry is found by compilers that know no exports', () => {
  const entries = Object.keys(packageJson.exports).filter(
    (name) => /^\.\/[^*]+$/.test(name) && !name.endsWith('.json'),
  );
  expect(Object.keys(packageJson.typesVersions['*']).map((name) => `./${name}`)).toEqual(entries);
});

test('the page of the action has each input and output', () => {
  const { inputs, outputs } = parse(readFileSync('action.yml', 'utf8')) as Record<'inputs' | 'outputs', object>;
  const told = [...readFileSync('docs/action.md', 'utf8').matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name);
  expect(told).toEqual([...Object.keys(inputs), ...Object.keys(outputs)]);
});
