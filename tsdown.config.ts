import { existsSync } from 'node:fs';
import { defineConfig } from 'tsdown';

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
};

// What node runs as a program: ESM only, nobody imports it.
const programs = { cli: 'src/cli/main.ts', guardian: 'src/leftovers/guardian.ts' };

const present = (entries: Record<string, string>) =>
  Object.fromEntries(Object.entries(entries).filter(([, source]) => existsSync(source)));

// What sh runs, and a container's node, as it is.
const copy = [{ from: ['src/programs/*.sh', 'src/programs/*.cjs'], to: 'dist' }];

// Everything lies flat in dist: code finds its neighbours by `new URL('./guardian.js', import.meta.url)`.
const shared = {
  platform: 'node',
  target: 'node22.12',
  fixedExtension: false,
  suppressWarnings: 'We recommend using the ESM format',
} as const;

export default defineConfig([
  {
    ...shared,
    entry: present({ ...library, ...programs }),
    format: 'esm',
    copy,
    dts: { entry: Object.values(present(library)) },
  },
  {
    ...shared,
    entry: present(library),
    format: 'cjs',
    dts: true,
    shims: true,
    // Nor can Jest's runtime `import()`: a lazy require is as lazy.
    outputOptions: { dynamicImportInCjs: false },
  },
]);
