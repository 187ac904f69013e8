// Writes docs/reference from the docstrings of what the package exports: `npm run docs`. With `--check` it writes nothing, and fails where
// the committed reference is another one, or a docstring lacks what every reader looks for.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Application, ReflectionKind, type DeclarationReflection, type ProjectReflection } from 'typedoc';

const entries: Readonly<Record<string, string>> = {
  'localhost-forward': 'src/index.ts',
  'localhost-forward/jest': 'adapters/jest/index.ts',
  'localhost-forward/jest/global': 'adapters/jest/global.ts',
  'localhost-forward/playwright': 'adapters/playwright/index.ts',
  'localhost-forward/vitest': 'adapters/vitest/index.ts',
};

const committed = 'docs/reference';

/** What lacks a sentence, an example, or the errors that it throws. */
const findGaps = (project: ProjectReflection): string[] =>
  (project.children ?? []).flatMap((module) =>
    (module.children ?? []).flatMap((one) => {
      const methods = one.name === 'LocalhostForward' ? (one.children ?? []).filter(isCallable) : [];
      return [...gapsOf(one, isCallable(one)), ...methods.flatMap((method) => gapsOf(method, true, `${one.name}.`))];
    }),
  );

const isCallable = ({ signatures }: DeclarationReflection): boolean => signatures !== undefined;

const gapsOf = (one: DeclarationReflection, isCalled: boolean, owner = ''): string[] => {
  if (one.name === '[asyncDispose]' || one.kindOf(ReflectionKind.Reference)) return [];
  const comment = one.signatures?.[0]?.comment ?? one.comment;
  const has = (tag: `@${string}`): boolean => comment?.getTag(tag) !== undefined;
  const lacks = [
    ...(comment?.hasVisibleComponent() === true ? [] : ['a docstring']),
    ...(isCalled && !has('@throws') && !/\bThrows nothing\b/.test(textOf(comment?.summary)) ? ['@throws'] : []),
    ...(isCalled && !has('@example') ? ['@example'] : []),
  ];
  return lacks.map((what) => `${owner}${one.name} lacks ${what}`);
};

const textOf = (parts: readonly { text: string }[] = []): string => parts.map(({ text }) => text).join('');

const readFolder = async (folder: string): Promise<Map<string, string>> => {
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.md'));
  return new Map(
    await Promise.all(files.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)),
  );
};

const findStale = async (fresh: string): Promise<string[]> => {
  const [now, then] = await Promise.all([readFolder(fresh), readFolder(committed)]);
  const names = [...new Set([...now.keys(), ...then.keys()])];
  return names.filter((name) => now.get(name) !== then.get(name)).map((name) => `${committed}/${name} is stale`);
};

const placeIn = (text: string, name: string): number => text.search(new RegExp(`\\b${name}\\b`));

const isCheck = process.argv.includes('--check');
const out = isCheck ? await mkdtemp(join(tmpdir(), 'reference-')) : committed;

const app = await Application.bootstrapWithPlugins({
  plugin: ['typedoc-plugin-markdown'],
  entryPoints: Object.values(entries),
  tsconfig: 'tsconfig.json',
  skipErrorChecking: true,
  disableSources: true,
  excludeExternals: true,
  excludeInternal: true,
  readme: 'none',
  logLevel: 'Warn',
  validation: { notExported: false, invalidLink: true },
});
const options: Readonly<Record<string, unknown>> = {
  router: 'module',
  entryFileName: 'README',
  hidePageHeader: true,
  hideBreadcrumbs: true,
  tableColumnSettings: { hideModifiers: true, hideOverrides: true, hideInherited: true, hideDefaults: true },
  sort: ['source-order'],
  groupOrder: ['Functions', 'Interfaces', 'Classes', 'Type Aliases', 'Variables'],
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  useCodeBlocks: true,
};
for (const [name, value] of Object.entries(options)) app.options.setValue(name as never, value as never);
const project = await app.convert();
if (project === undefined) throw new Error('the sources could not be read');
for (const module of project.children ?? []) {
  const source = module.sources?.[0]?.fileName ?? module.name;
  module.name = Object.keys(entries).find((name) => entries[name]?.includes(source)) ?? module.name;
  // As the entry lists them: what everybody calls comes first.
  const text = await readFile(entries[module.name] ?? source, 'utf8');
  for (const group of module.groups ?? []) group.children.sort((a, b) => placeIn(text, a.name) - placeIn(text, b.name));
}
app.options.setValue('outputs', [{ name: 'markdown', path: out }]);
await app.generateOutputs(project);
const problems = [...findGaps(project), ...(isCheck ? await findStale(out) : [])];
if (isCheck) await rm(out, { recursive: true });
for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error('Try: npm run docs');
  process.exitCode = 1;
}
