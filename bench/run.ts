// All benches, one after the other: `npm run bench [-- --quick | --full] [--only data-path,open-close]`, after `script/bootstrap bench`.
// Prints what each prints, then a table of all claims, and writes both and a chart into `--to` (`.bench`). Exit code 1 where a claim is
// missed. `--full` has what opens many forwards at the numbers of their claims, where most of the time is the engine's for their networks.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readFlag, readList } from './support/arguments.ts';
import { drawPaths } from './support/chart.ts';
import { drawRatios } from './support/ratio-chart.ts';
import { describeMachine } from './support/machine.ts';
import { figuresVariable, type Figure } from './support/report.ts';
import { renderClaims } from './support/table.ts';

interface Bench {
  readonly name: string;
  readonly quick: readonly string[];
  readonly usual: readonly string[];
}

const words = (text: string): readonly string[] => text.split(' ');

const benches: readonly Bench[] = [
  { name: 'import', quick: ['5'], usual: [] },
  { name: 'open-close', quick: words('--rounds 4 --proofs 2'), usual: [] },
  {
    name: 'data-path',
    quick: [
      ...words('--rounds 3 --megabytes 50 --connections 500 --trips 1000 --beside 0'),
      ...words('--paths gateway,recipe,nftables,iptables,pipe,relay,sidecar'),
    ],
    usual: [],
  },
  {
    name: 'at-once',
    quick: words('--count 10 --rounds 1 --verified 3'),
    usual: words('--count 50 --rounds 1 --verified 10'),
  },
  {
    name: 'growth',
    quick: words('--count 10 --openings 10 --rounds 1 --processes 2 --each 3 --strategies nftables'),
    usual: words('--count 100 --openings 60 --rounds 1 --processes 4 --each 25 --strategies nftables'),
  },
  { name: 'live-ports', quick: words('--count 60 --strategies nftables'), usual: [] },
  { name: 'faults', quick: words('--trips 10 --seconds 2 --strategies nftables,relay'), usual: [] },
  { name: 'death', quick: words('--count 10 --strategies nftables'), usual: words('--count 50') },
  { name: 'sweep', quick: words('--count 5 --rounds 1 --strategies nftables'), usual: words('--count 30 --rounds 1') },
];

const size = readFlag('quick') ? 'quick' : readFlag('full') ? 'full' : 'usual';
const only = readList(
  'only',
  benches.map(({ name }) => name),
);
const [folder = '.bench'] = readList('to', ['.bench']);
const figuresFile = join(folder, 'figures.jsonl');

const run = async ({ name, quick, usual }: Bench): Promise<boolean> => {
  console.log(`\n## ${name}`);
  const startedAt = performance.now();
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [file, ...{ quick, usual, full: [] }[size]], {
    stdio: 'inherit',
    env: { ...process.env, [figuresVariable]: figuresFile },
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  console.log(`${Math.round((performance.now() - startedAt) / 1000)} s`);
  return code === 0;
};

const readFigures = async (): Promise<Figure[]> => {
  const text = await readFile(figuresFile, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Figure);
};

await mkdir(folder, { recursive: true });
await rm(figuresFile, { force: true });
const machine = await describeMachine();
const startedAt = performance.now();
const missed: string[] = [];
for (const bench of benches.filter(({ name }) => only.includes(name))) if (!(await run(bench))) missed.push(bench.name);
const figures = await readFigures();
const seconds = Math.round((performance.now() - startedAt) / 1000);
const claims = renderClaims(figures);
await writeFile(join(folder, 'claims.md'), `${machine}\n\n${claims}`);
await writeFile(join(folder, 'paths.svg'), drawPaths(figures));
// What is measured a second time, beside other forwards, has the same names.
await writeFile(join(folder, 'ratios.svg'), drawRatios(figures));
console.log(`\n${claims}\n${seconds} s; ${folder}/claims.md, ${folder}/paths.svg, ${folder}/ratios.svg`);
if (missed.length > 0) console.log(`missed in ${missed.join(', ')}`);
process.exitCode = missed.length > 0 ? 1 : 0;
