import { createRequire } from 'node:module';

/** What of Jest is used here. */
interface JestGlobals {
  readonly beforeAll: Hook;
  readonly afterAll: Hook;
  readonly afterEach: Hook;
  readonly expect: { extend(matchers: object): void };
}

type Hook = (work: () => Promise<void>, timeoutMs?: number) => void;

/** One of Jest's globals, also where `injectGlobals: false` keeps it from being one; undefined outside of Jest. */
export const jestGlobal = <K extends keyof JestGlobals>(name: K): JestGlobals[K] | undefined =>
  (globalThis as unknown as Partial<JestGlobals>)[name] ?? importedGlobals()?.[name];

// Within a test file Jest's loader knows this package by itself, wherever it is installed, and refuses it everywhere else.
const importedGlobals = (): JestGlobals | undefined => {
  try {
    return createRequire(import.meta.url)('@jest/globals') as JestGlobals;
  } catch {
    return undefined;
  }
};
