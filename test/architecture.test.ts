import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

// Who may import whom, one line each. The most specific line that matches a file counts, and a file needs one.
// A folder stands for all in it; `node:` for any builtin; `type:` in front allows only the types of what follows.
const anything = [''];
const types = ['src/errors.ts', 'src/types.ts', 'src/ownership', 'src/plan', 'type:src/probe/diagnosis.ts'];
const tools = ['src/command', 'src/host', 'src/privilege'];
const seenByCli = [
  'src/index.ts',
  'src/version.ts',
  'src/host',
  'src/lifecycle',
  'src/doctor',
  'src/smoke',
  'src/command',
];
const seenByAdapters = ['src/index.ts', 'type:src/types.ts'];

const rules: Record<string, readonly string[]> = {
  src: anything,
  'src/errors.ts': ['type:src/types.ts', 'type:src/probe/diagnosis.ts', 'node:'],
  'src/types.ts': ['type:src/probe/diagnosis.ts', 'type:node:'],
  'src/ownership': ['src/ownership', 'node:'],
  'src/probe/diagnosis.ts': [],
  'src/plan': [...types, 'type:src/options.ts', 'type:src/host', 'node:crypto'],
  'src/options': ['src/options', ...types, 'node:util'],
  'src/command': ['src/command', 'src/errors.ts', 'node:'],
  'src/host': ['src/host', 'src/command', 'src/privilege', ...types, 'type:src/engine', 'node:'],
  'src/privilege': ['src/privilege', 'src/command', ...types, 'type:src/engine', 'node:'],
  'src/engine': ['src/engine', 'src/command', ...types, 'node:'],
  'src/listener': ['src/listener', ...types, 'node:'],
  'src/strategies': ['src/strategies', ...tools, 'src/lifecycle', ...types, 'type:src/engine', 'node:'],
  'src/probe': [
    'src/probe',
    ...tools,
    'src/engine',
    'src/strategies/firewall',
    ...types,
    'type:src/options.ts',
    'type:src/strategies',
    'node:',
  ],
  'src/lifecycle': ['src/lifecycle', ...tools, 'src/engine', 'src/strategies', ...types, 'node:'],
  'src/doctor': [
    'src/doctor',
    'src/options.ts',
    ...tools,
    'src/engine',
    'src/lifecycle',
    'src/strategies',
    ...types,
    'node:',
  ],
  // A check of the whole, so it may see the whole.
  'src/smoke': ['src', 'node:'],
  'src/cli': ['src/cli', ...seenByCli, ...types, 'commander', 'picocolors', 'node:'],
  'adapters/matchers': ['adapters/matchers', ...seenByAdapters, 'node:'],
  'adapters/testcontainers': ['adapters/testcontainers', ...seenByAdapters, 'testcontainers', 'node:'],
  'adapters/vitest': ['adapters/vitest', 'adapters/matchers', ...seenByAdapters, 'vitest', 'node:'],
  'adapters/jest': ['adapters/jest', 'adapters/matchers', ...seenByAdapters, 'type:expect', 'node:'],
};

// The only door to each of these; their types may be known anywhere.
const doors: Record<string, string> = { execa: 'src/command', dockerode: 'src/engine' };

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

const listFiles = (folder: string): string[] => {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => `${folder}/${path}`);
  } catch {
    return [];
  }
};

const statement = /^\s*(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\sfrom\s+)?'([^']+)'/gm;
const dynamic = /\bimport\(\s*'([^']+)'/g;

const resolveTarget = (file: string, specifier: string): string =>
  specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier;

const readImports = (file: string, text: string): Import[] => {
  const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const of = (specifier: string, typeOnly: boolean) => ({ file, target: resolveTarget(file, specifier), typeOnly });
  return [
    ...Array.from(code.matchAll(statement), ([, type, specifier = '']) => of(specifier, type !== undefined)),
    ...Array.from(code.matchAll(dynamic), ([, specifier = '']) => of(specifier, false)),
  ];
};

const lies = (path: string, place: string): boolean =>
  place === '' || path === place || path.startsWith(place.endsWith(':') ? place : `${place}/`);

const ruleFor = (file: string): readonly string[] | undefined => {
  const places = Object.keys(rules).filter((place) => lies(file, place));
  return rules[places.toSorted((a, b) => b.length - a.length)[0] ?? ''];
};

const isAllowed = ({ file, target, typeOnly }: Import): boolean => {
  const door = doors[target];
  if (door !== undefined) return typeOnly || lies(file, door);
  return (ruleFor(file) ?? []).some((place) =>
    place.startsWith('type:') ? typeOnly && lies(target, place.slice('type:'.length)) : lies(target, place),
  );
};

const describeImport = ({ file, target, typeOnly }: Import): string =>
  `${file} imports ${typeOnly ? 'types of ' : ''}${target}`;

const forbidden = (imports: readonly Import[]): string[] =>
  imports.filter((each) => !isAllowed(each)).map(describeImport);

const files = [...listFiles('src'), ...listFiles('adapters')];
const textOf = (file: string): string => readFileSync(file, 'utf8');

describe('architecture', () => {
  test('sources are found', () => expect(files.length).toBeGreaterThan(5));

  test('each file imports only what its place allows', () => {
    expect(forbidden(files.flatMap((file) => readImports(file, textOf(file))))).toEqual([]);
  });

  test('each folder has a rule of its own', () => {
    const folders = files.map((file) => dirname(file)).filter((folder) => folder !== 'src');
    expect(folders.filter((folder) => ruleFor(folder) === anything)).toEqual([]);
  });

  test('no file is longer than 250 lines', () => {
    expect(files.filter((file) => textOf(file).split('\n').length > 251)).toEqual([]);
  });

  test('no folder is called utils, helpers, common or core', () => {
    expect(files.filter((file) => /(^|\/)(utils|helpers|common|core)\//.test(file))).toEqual([]);
  });

  test.each([
    ['src/plan/names.ts', `import { readFile } from 'node:fs/promises';`],
    ['src/plan/names.ts', `import { run } from '../command/run.ts';`],
    ['src/host/kernel.ts', `import { execa } from 'execa';`],
    ['src/lifecycle/sweep.ts', `const { default: Docker } = await import('dockerode');`],
    ['src/strategies/relay/relay.ts', `import { verify } from '../../probe/verify.ts';`],
    ['src/cli/smoke.ts', `import {\n  openEngine,\n  type Engine,\n} from '../engine/engine.ts';`],
    ['src/errors.ts', `export { labels } from './plan/names.ts';`],
    ['src/types.ts', `import { createServer } from 'node:http';`],
    ['adapters/vitest/index.ts', `import { readOwner } from '../../src/ownership/owner.ts';`],
    ['adapters/jest/index.ts', `import '../vitest/index.ts';`],
    ['elsewhere/index.ts', `import 'node:fs';`],
  ])('%s must not: %s', (file, text) => {
    expect(forbidden(readImports(file, text))).toHaveLength(1);
  });

  test.each([
    ['src/plan/names.ts', `import type { Facts } from '../host/facts.ts';`],
    [
      'src/strategies/relay/relay.ts',
      `import type Docker from 'dockerode';\nimport { run } from '../../command/run.ts';`,
    ],
    ['src/engine/engine.ts', `const { default: Docker } = await import('dockerode');`],
    ['src/errors.ts', `// import { x } from './engine/engine.ts';\n/* import 'execa'; */`],
  ])('%s may: %s', (file, text) => {
    expect(forbidden(readImports(file, text))).toEqual([]);
  });
});
