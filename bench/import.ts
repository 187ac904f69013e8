// What importing costs over importing nothing: `node bench/import.ts [rounds]`, after `npm run build`.
// Processes that import an empty module and processes that import one entry take turns; the shortest times and their differences are the figures.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bound, section, tell } from './support/report.ts';

const rounds = Number(process.argv[2] ?? 15);
const boundMs = 60;

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lhf-bench-'));
const require = createRequire(import.meta.url);

const write = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const urlOf = (path: string): string => JSON.stringify(pathToFileURL(path).href);
const empty = { esm: write('empty.mjs', ''), cjs: write('empty.cjs', '') };
const esm = (path: string): string => `import ${urlOf(path)};`;
const cjs = (path: string): string => `require(${JSON.stringify(path)});`;

interface Entry {
  readonly name: string;
  readonly main: string;
  readonly base: string;
  /** Kept under the bound; the others are there to compare. */
  readonly bounded: boolean;
}

const bases = { esm: write('base.mjs', esm(empty.esm)), cjs: write('base.cjs', cjs(empty.cjs)) };
const names = ['index', 'jest', 'jest-global', 'jest-preset'];
const vitest = require.resolve('vitest').replace('index.cjs', 'dist/index.js');
const entries: readonly Entry[] = [
  ...names.flatMap((name): Entry[] => [
    {
      name: `${name} (ESM)`,
      main: write(`${name}.mjs`, esm(join(dist, `${name}.js`))),
      base: bases.esm,
      bounded: true,
    },
    {
      name: `${name} (CommonJS)`,
      main: write(`${name}.cjs`, cjs(join(dist, `${name}.cjs`))),
      base: bases.cjs,
      bounded: true,
    },
  ]),
  // Whoever imports this one has Vitest loaded already.
  {
    name: 'vitest (ESM), over vitest',
    main: write('vitest.mjs', esm(vitest) + esm(join(dist, 'vitest.js'))),
    base: write('vitest-alone.mjs', esm(vitest)),
    bounded: true,
  },
  {
    name: 'testcontainers, to compare',
    main: write('testcontainers.cjs', cjs(require.resolve('testcontainers'))),
    base: bases.cjs,
    bounded: false,
  },
];

// The start and the end of a process are not the module's cost, but they are equal on both sides.
const time = (main: string): number => {
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [main], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${main} ended with ${status}\n${stderr}`);
  return performance.now() - startedAt;
};

// Whatever else the machine does only adds to a time, so the shortest of many is the one that tells.
const shortest = (times: readonly number[]): number => Math.min(...times);

try {
  const times = new Map(entries.map(({ name }) => [name, { base: [] as number[], own: [] as number[] }]));
  for (let round = -1; round < rounds; round += 1) {
    for (const { name, main, base } of entries) {
      const pair = [time(base), time(main)] as const;
      // The first round warms the file cache.
      if (round < 0) continue;
      times.get(name)?.base.push(pair[0]);
      times.get(name)?.own.push(pair[1]);
    }
  }
  section(`importing, over an empty module: ${rounds} rounds, the shortest of each`);
  for (const { name, bounded } of entries) {
    const { base = [], own = [] } = times.get(name) ?? {};
    const difference = [shortest(own) - shortest(base)];
    if (bounded) bound(name, difference, { most: boundMs }, 'ms');
    else tell(name, difference, 'ms');
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
