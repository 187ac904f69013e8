import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

// What runs on GitHub cannot be run here: what can be read of it is.
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly { readonly uses?: string; readonly run?: string }[];
}

const workflows = new Map(
  globSync('.github/workflows/*.yml').map((path) => [
    path.replace(/^.*\/(.*)\.yml$/, '$1'),
    parse(readFileSync(path, 'utf8')) as Workflow,
  ]),
);
const commandsOf = (name: string, job: string): string[] =>
  workflows.get(name)?.jobs[job]?.steps.flatMap(({ run }) => run ?? []) ?? [];

test('actions of others are taken by their commit, and nobody may write', () => {
  expect([...workflows.keys()].toSorted()).toEqual(['ci', 'release', 'scheduled-smoke']);
  for (const { permissions, jobs } of workflows.values()) {
    expect(permissions).toEqual({ contents: 'read' });
    for (const { uses } of Object.values(jobs).flatMap(({ steps }) => steps))
      expect(uses ?? '@'.padEnd(41, '0')).toMatch(/@[\da-f]{40}$/);
  }
});

test('a release passes what a change must pass, and is published with its provenance and no token', () => {
  const commands = commandsOf('release', 'publish');
  expect(commands.slice(-2)).toEqual([
    'bash .ci/run',
    'npm publish --ignore-scripts=false --provenance --access public',
  ]);
  // By its prepack the page on npm has no link that is relative to the repository, and .npmrc lets no script run.
  expect(readFileSync('.npmrc', 'utf8')).toContain('ignore-scripts=true');
  expect(workflows.get('release')?.jobs['publish']?.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
  expect(readFileSync('.github/workflows/release.yml', 'utf8')).not.toMatch(/TOKEN|secrets\./);
});

test('each change passes the plain tests, and all that those leave out', () => {
  expect(commandsOf('ci', 'test').at(-1)).toBe('bash .ci/run');
  expect(commandsOf('ci', 'whole').at(-1)).toBe('script/test --whole');
});

test('what users install is audited with each change', () => {
  expect(commandsOf('ci', 'audit')).toEqual([
    'npm ci --no-audit --no-fund',
    'npm audit --omit=dev',
    'npm audit signatures',
  ]);
});
