import { existsSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { defineConfig, type TsdownPlugin } from 'tsdown';

// What users import, in both formats and with types.
const library = {
  index: 'src/index.ts',
  vitest: 'adapters/vitest/index.ts',
  'vitest-matchers': 'adapters/vitest/matchers.ts',
  jest: 'adapters/jest/index.ts',
  'jest-global': 'adapters/jest/global.ts',
  'jest-global-setup': 'adapters/jest/global-setup.ts',
  'jest-global-teardown': 'adapters/jest/global-teardown.ts',
  'jest-preset': 'adapters/jest/preset.ts',
  'jest-matchers': 'adapters/jest/matchers.ts',
  playwright: 'adapters/playwright/index.ts',
};

// What node runs as a program: ESM only, nobody imports it.
const programs = { cli: 'src/cli/main.ts', guardian: 'src/leftovers/guardian.ts' };

const present = (entries: Record<string, string>) =>
  Object.fromEntries(Object.entries(entries).filter(([, source]) => existsSync(source)));

// What sh runs, and a container's node, as it is.
const copy = [{ from: ['src/programs/*.sh', 'src/programs/*.cjs'], to: 'dist' }];

const genuine = '\0genuine:';

/**
 * Node's own modules as Node has them, taken when the package is loaded: tests mock `fs`, `http` or `child_process` for their own code, and
 * put spies into them, and the fixture beside them must go on.
 */
const genuineBuiltins: TsdownPlugin = {
  name: 'genuine-builtins',
  resolveId: {
    order: 'pre',
    handler: (id, importer) =>
      id.startsWith('node:') &&
      importer !== undefined &&
      !importer.startsWith(genuine) &&
      builtinModules.includes(id.slice(5)) &&
      // A runner's own module loader is asked for what the runner alone has.
      id !== 'node:module'
        ? { id: `${genuine}${id}`, moduleSideEffects: false }
        : undefined,
  },
  load: async (id) => {
    if (!id.startsWith(genuine)) return undefined;
    const name = id.slice(genuine.length);
    const exported = Object.keys((await import(name)) as object).filter(
      (key) => key !== 'default' && key !== 'module.exports',
    );
    return [
      `const builtin = /* @__PURE__ */ process.getBuiltinModule(${JSON.stringify(name)});`,
      'export default builtin;',
      ...exported.map((key) => `export const ${key} = /* @__PURE__ */ (() => builtin.${key})();`),
    ].join('\n');
  },
};

/** Vitest cannot be required: whoever requires what imports it gets the ES module, which Node can require. */
const requiresVitest: TsdownPlugin = {
  name: 'requires-vitest',
  renderChunk: (_code, { fileName }) => {
    const name = /^(vitest(?:-matchers)?)\.cjs$/.exec(fileName)?.[1];
    return name === undefined ? undefined : `module.exports = require('./${name}.js');\n`;
  },
};

// Whoever reads the code of a package reads its sources; types keep theirs, which editors show.
const comments = { jsdoc: false } as const;

// Everything lies flat in dist: code finds its neighbours by `new URL('./guardian.js', import.meta.url)`.
const shared = {
  platform: 'node',
  target: 'node22.12',
  fixedExtension: false,
  plugins: [genuineBuiltins] as TsdownPlugin[],
  inputOptions: { checks: { bundlerTimings: false } },
  suppressWarnings: 'We recommend using the ESM format',
} as const;

export default defineConfig([
  {
    ...shared,
    entry: present({ ...library, ...programs }),
    format: 'esm',
    outputOptions: { comments },
    copy,
    dts: { entry: Object.values(present(library)) },
  },
  {
    ...shared,
    entry: present(library),
    format: 'cjs',
    plugins: [genuineBuiltins, requiresVitest],
    dts: true,
    shims: true,
    // Nor can Jest's runtime `import()`: a lazy require is as lazy.
    outputOptions: { comments, dynamicImportInCjs: false },
  },
]);
