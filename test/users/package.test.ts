import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { packageBounds } from '../../script/package-bounds.ts';
import { projectRoot } from '../support/children.ts';
import { execHere, outputOf } from '../support/run.ts';

// What npm would publish, file by file: what is new shows in test/golden/package.txt, and a secret or a test that slips in does not slip by.
interface Packed {
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

const read = (file: string): string => readFileSync(join(projectRoot, file), 'utf8');

let packed: Packed;
beforeAll(async () => {
  const printed = await outputOf(execHere, ['npm', 'pack', '--dry-run', '--json'], { cwd: projectRoot });
  [packed] = JSON.parse(printed) as [Packed];
});

/** What several entries share has a name with a hash of its text. */
const isShared = (path: string): boolean => /^dist\/[\w-]+-(?=[\w-]*[A-Z\d_])[\w-]{8}\.(?:c?js|d\.c?ts)$/.test(path);

describe('the package', () => {
  test('has these files, and what they share', async () => {
    const paths = packed.files.map(({ path }) => path).toSorted();
    const own = paths.filter((path) => !isShared(path));
    await expect(`${own.join('\n')}\n`).toMatchFileSnapshot('../golden/package.txt');
    expect(paths.length - own.length).toBeLessThan(100);
  });

  test('is no larger than it was meant to be', () => {
    expect(packed.size).toBeLessThanOrEqual(packageBounds.size);
    expect(packed.unpackedSize).toBeLessThanOrEqual(packageBounds.unpackedSize);
  });

  test('has one program to be run by name', () => {
    expect(packed.files.filter(({ mode }) => (mode & 0o111) !== 0).map(({ path }) => path)).toEqual(['dist/cli.js']);
  });

  test('runs nothing when it is installed', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    // What packs it, here, is none of its users' business.
    const lifecycle = /^(?:pre|post)?(?:install|publish|prepare|uninstall)|^prepublishOnly$/;
    expect(Object.keys(scripts).filter((name) => lifecycle.test(name))).toEqual([]);
  });
});

// A script that comes with a new version of something is noticed here, and runs nowhere.
test('packages that would run a program of their own while they are installed are known, and may not', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  const names = Object.entries(packages).flatMap(([path, one]) => (one.hasInstallScript === true ? [path] : []));
  expect(names.map((path) => path.replace('node_modules/', ''))).toEqual([
    '@parcel/watcher',
    'cpu-features',
    'protobufjs',
    'ssh2',
    'unrs-resolver',
  ]);
  expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
});
