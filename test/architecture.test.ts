import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

// The layers, the lowest first. A file imports from its own place and from layers below it: neither upward nor sideways, values and
// types alike. The most specific place that a file lies in is its own, and each file needs one.
const layers: readonly (readonly string[])[] = [
  [
    'src/diagnosis.ts',
    'src/docker-option.ts',
    'src/faults.ts',
    'src/captured.ts',
    'src/port-forward.ts',
    'src/version.ts',
    'src/clock.ts',
    'src/abort.ts',
    'src/printable.ts',
  ],
  ['src/verification.ts'],
  ['src/types.ts'],
  ['src/errors.ts'],
  ['src/command', 'src/ownership', 'src/listener'],
  ['src/host'],
  ['src/engine'],
  ['src/privilege'],
  ['src/network', 'src/lifecycle'],
  ['src/options'],
  // The seams, and what strategies have in common.
  ['src/strategies'],
  ['src/strategies/carrier'],
  [
    'src/strategies/netfilter',
    'src/strategies/relay',
    'src/strategies/sidecar',
    'src/strategies/tunnel',
    'src/strategies/native',
  ],
  ['src/strategies/netfilter/nftables', 'src/strategies/netfilter/iptables'],
  ['src/strategies/all.ts'],
  ['src/choose', 'src/proof', 'src/leftovers', 'src/capture'],
  ['src/forward'],
  ['src/smoke', 'src/doctor'],
  ['src/index.ts'],
  ['src/cli', 'adapters/matchers', 'adapters/fixtures'],
  ['adapters/vitest', 'adapters/jest', 'adapters/playwright'],
];

// What is below a place and yet none of its business: `type:` leaves the types to be known.
const ways = readdirSync('src/strategies', { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => `src/strategies/${name}`);
const closedTo: readonly (readonly [from: string, to: string, why: string])[] = [
  ...[...ways, 'src/strategies/all.ts'].map((way) => ['src/proof', way, 'a proof asks any strategy the same'] as const),
  ...ways.map((way) => ['src/forward', way, 'an opening knows strategies by their seam'] as const),
  ...ways.map((way) => ['src/choose', way, 'the choice asks any strategy the same'] as const),
  ['adapters', 'src', 'adapters are users of the package'],
];
const openAfterAll: readonly (readonly [from: string, to: string])[] = [
  ['adapters', 'src/index.ts'],
  ['adapters', 'type:src/types.ts'],
];

// Packages and builtins: the only places that may import the values of each. Builtins are for all but those that are pure.
const doors: Readonly<Record<string, readonly string[]>> = {
  dockerode: ['src/engine'],
  ssh2: ['src/strategies/tunnel'],
  'node:child_process': ['src/command', 'src/cli'],
  commander: ['src/cli'],
  picocolors: ['src/cli'],
  vitest: ['adapters/vitest'],
  '@playwright/test': ['adapters/playwright'],
};
const pure: Readonly<Record<string, readonly string[]>> = {
  'src/diagnosis.ts': [],
  'src/docker-option.ts': [],
  'src/faults.ts': [],
  'src/captured.ts': [],
  'src/port-forward.ts': [],
  'src/verification.ts': [],
  'src/types.ts': [],
  'src/errors.ts': [],
  'src/printable.ts': [],
  'src/choose': [],
  'src/options': ['node:util'],
};

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

const listFiles = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `${folder}/${path}`);

const statement = /^\s*(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\sfrom\s+)?'([^']+)'/gm;
const dynamic = /(typeof\s+)?\bimport\(\s*'([^']+)'/g;

const resolveTarget = (file: string, specifier: string): string =>
  specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier;

const readImports = (file: string, text: string): Import[] => {
  const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  return [statement, dynamic].flatMap((form) =>
    Array.from(code.matchAll(form), ([, type, specifier = '']) => ({
      file,
      target: resolveTarget(file, specifier),
      typeOnly: type !== undefined,
    })),
  );
};

const lies = (path: string, place: string): boolean => path === place || path.startsWith(`${place}/`);

const placesOf = (path: string): string[] =>
  layers
    .flat()
    .filter((place) => lies(path, place))
    .toSorted((a, b) => b.length - a.length);
const placeOf = (path: string): string | undefined => placesOf(path)[0];
const heightOf = (place: string): number => layers.findIndex((layer) => layer.includes(place));

const mayImportFile = ({ file, target, typeOnly }: Import): boolean => {
  const [from, to] = [placeOf(file), placeOf(target)];
  if (from === undefined || to === undefined) return false;
  const isOpen = openAfterAll.some(
    ([place, opened]) => lies(file, place) && (opened === target || (typeOnly && opened === `type:${target}`)),
  );
  const isClosed = closedTo.some(([place, closed]) => lies(file, place) && lies(target, closed));
  return (from === to || heightOf(to) < heightOf(from)) && (isOpen || !isClosed);
};

const mayImportPackage = ({ file, target, typeOnly }: Import): boolean => {
  if (typeOnly) return true;
  const allowed = Object.entries(pure).find(([place]) => lies(file, place))?.[1];
  if (target.startsWith('node:')) return allowed === undefined || allowed.includes(target);
  return doors[target]?.some((place) => lies(file, place)) === true;
};

const isFile = ({ target }: Import): boolean => target.endsWith('.ts');

const describeImport = ({ file, target, typeOnly }: Import): string =>
  `${file} imports ${typeOnly ? 'types of ' : ''}${target}`;

const forbidden = (imports: readonly Import[]): string[] =>
  imports.filter((one) => !(isFile(one) ? mayImportFile(one) : mayImportPackage(one))).map(describeImport);

const files = [...listFiles('src'), ...listFiles('adapters')];
const programs = readdirSync('src/programs').map((name) => `src/programs/${name}`);
const textOf = (file: string): string => readFileSync(file, 'utf8');

describe('architecture', () => {
  test('sources are found', () => expect(files.length).toBeGreaterThan(100));

  test('each file lies in a layer, and each layer has files', () => {
    expect(files.filter((file) => placeOf(file) === undefined)).toEqual([]);
    expect(layers.flat().filter((place) => !files.some((file) => placeOf(file) === place))).toEqual([]);
  });

  test('each file imports from below or from its own place', () => {
    expect(forbidden(files.flatMap((file) => readImports(file, textOf(file))))).toEqual([]);
  });

  test('no file is longer than 250 lines', () => {
    expect([...files, ...programs].filter((file) => textOf(file).split('\n').length > 251)).toEqual([]);
  });

  test('each program in JavaScript is checked by the compiler', () => {
    const scripts = programs.filter((file) => file.endsWith('.cjs'));
    expect(scripts.length).toBeGreaterThan(10);
    expect(scripts.filter((file) => !textOf(file).startsWith('// @ts-check\n'))).toEqual([]);
  });

  test('no folder is called utils, helpers, common or core', () => {
    expect(files.filter((file) => /(^|\/)(utils|helpers|common|core)\//.test(file))).toEqual([]);
  });

  test.each([
    ['src/choose/advise.ts', `import { readFile } from 'node:fs/promises';`],
    ['src/host/kernel.ts', `import type { Names } from '../engine/engine.ts';`],
    ['src/engine/engine.ts', `import { privilegesOf } from '../privilege/privileges.ts';`],
    ['src/host/kernel.ts', `import { execa } from 'execa';`],
    ['src/leftovers/sweep.ts', `const { default: Docker } = await import('dockerode');`],
    ['src/leftovers/sweep.ts', `const { verifyForward } = await import('../proof/verify.ts');`],
    ['src/network/create.ts', `type All = typeof import('../strategies/all.ts');`],
    ['src/strategies/relay/relay.ts', `import { verify } from '../../proof/verify.ts';`],
    ['src/strategies/relay/relay.ts', `import { Accepts } from '../netfilter/firewalls/accepts.ts';`],
    ['src/strategies/netfilter/route.ts', `export { nftables } from './nftables/nftables.ts';`],
    ['src/strategies/strategy.ts', `import type { NetfilterRoute } from './netfilter/route.ts';`],
    ['src/proof/prove.ts', `import { watchPackets } from '../strategies/netfilter/packet-watch.ts';`],
    ['src/smoke/smoke.ts', `import {\n  doctor,\n  type DoctorReport,\n} from '../doctor/doctor.ts';`],
    ['src/errors.ts', `export { labels } from './ownership/names.ts';`],
    ['src/types.ts', `import { createServer } from 'node:http';`],
    ['src/types.ts', `import type { ErrorCode } from './errors.ts';`],
    ['adapters/vitest/index.ts', `import { readOwner } from '../../src/ownership/owner.ts';`],
    ['adapters/vitest/index.ts', `import { strategyNames } from '../../src/types.ts';`],
    ['adapters/jest/index.ts', `import '../vitest/index.ts';`],
    ['elsewhere/index.ts', `import '../src/index.ts';`],
  ])('%s must not: %s', (file, text) => {
    expect(forbidden(readImports(file, text))).toHaveLength(1);
  });

  test.each([
    ['src/choose/advise.ts', `import type { HostFacts } from '../host/facts.ts';`],
    [
      'src/strategies/relay/relay.ts',
      `import type Docker from 'dockerode';\nimport { run } from '../../command/run.ts';\nimport { keyOf } from '../strategy.ts';`,
    ],
    ['src/engine/engine.ts', `const { default: Docker } = await import('dockerode');`],
    ['src/errors.ts', `// import { x } from './engine/engine.ts';\n/* import 'execa'; */`],
    ['adapters/jest/index.ts', `import { sweep } from '../../src/index.ts';\nimport '../matchers/index.ts';`],
  ])('%s may: %s', (file, text) => {
    expect(forbidden(readImports(file, text))).toEqual([]);
  });
});
