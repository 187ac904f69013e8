import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { projectRoot } from '../support/children.ts';
import { execHere } from '../support/run.ts';
import { ensureCurlImage } from './support/curl-image.ts';
import { expectNothingLeft } from './support/nothing-left.ts';
import { makeProject } from './support/projects.ts';

expectNothingLeft();

const examples = join(projectRoot, 'examples');

/** Which of its scripts a user runs, and what it prints when all is well. */
const runs: Readonly<Record<string, { script: string; prints: RegExp }>> = {
  compose: { script: 'start', prints: /caller.*\| *3 orders/ },
  'github-actions': { script: 'smoke', prints: /^Works: /m },
  jest: { script: 'test', prints: /Tests:\s+2 passed, 2 total/ },
  'jest-esm-typescript': { script: 'test', prints: /Tests:\s+1 passed, 1 total/ },
  mocha: { script: 'test', prints: /2 passing/ },
  'node-test': { script: 'test', prints: /pass 2\b/ },
  'plain-node': { script: 'start', prints: /^\/orders of 198\.1[89]\.\d+\.\d+$/m },
  playwright: { script: 'test', prints: /2 passed/ },
  testcontainers: { script: 'test', prints: /pass 1\b/ },
  vitest: { script: 'test', prints: /Tests\s+3 passed \(3\)/ },
  workers: { script: 'test', prints: /Tests\s+3 passed \(3\)/ },
};

/** How compose is called here; undefined where there is none. */
const findCompose = async (): Promise<string | undefined> => {
  const works = async (...argv: string[]): Promise<boolean> =>
    execHere(argv).then(
      ({ exitCode }) => exitCode === 0,
      () => false,
    );
  if (await works('docker', 'compose', 'version')) return 'docker compose';
  return (await works('docker-compose', 'version')) ? 'docker-compose' : undefined;
};

/** What an example needs that a machine may lack. */
const lacks = async (name: string): Promise<string | undefined> => {
  if (name === 'compose' && (await findCompose()) === undefined) return 'no compose is installed';
  if (name === 'github-actions' && !existsSync(join(projectRoot, 'dist/cli.js')))
    return 'this build has no command line';
  return undefined;
};

describe('examples', () => {
  test('are all run here', () =>
    expect(
      readdirSync(examples)
        .filter((name) => name !== 'cookbook')
        .toSorted(),
    ).toEqual(Object.keys(runs)));

  test.for(Object.keys(runs))('%s', async (name, { skip }) => {
    const lack = await lacks(name);
    if (lack !== undefined) skip(lack);
    const { script = '', prints = /^$/ } = runs[name] ?? {};
    await using project = await makeProject('newest', {});
    await cp(join(examples, name), project.folder, { recursive: true });
    const env = { IMAGE: await ensureCurlImage(), COMPOSE: name === 'compose' ? await findCompose() : undefined };
    const { exitCode, output } = await project.npm(script, { env });
    expect(output).toMatch(prints);
    expect(exitCode).toBe(0);
  });

  test.each(['jest', 'mocha', 'node-test', 'playwright', 'vitest'])('%s: a webhook takes three lines', (name) => {
    const lines = readFileSync(join(examples, name, 'webhook.test.js'), 'utf8').split('\n');
    const ours = lines.filter((line) =>
      /localhost-forward|LocalhostForward\(|forwardFixture|localhostForward|nextRequest/.test(line),
    );
    expect(ours).toHaveLength(3);
  });

  test('the workflow runs what the project has', () => {
    const workflow = parse(readFileSync(join(examples, 'github-actions/.github/workflows/test.yml'), 'utf8')) as {
      jobs: Record<string, { steps: { run?: string; uses?: string }[] }>;
    };
    const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
    expect(steps.map(({ run }) => run)).toContain('npm run smoke');
    for (const { uses = '' } of steps.filter((step) => step.uses !== undefined)) expect(uses).toMatch(/@[0-9a-f]{40}$/);
  });
});
