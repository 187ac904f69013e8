import { existsSync, globSync, readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../support/children.ts';
import {
  ensureBrowserImage,
  ensureNginxImage,
  ensurePrometheusImage,
  hasBrowser,
  hasNginx,
  hasPrometheus,
} from './support/cookbook-images.ts';
import { ensureCurlImage } from './support/curl-image.ts';
import { expectNothingLeft } from './support/nothing-left.ts';
import { makeProject, type RunResult } from './support/projects.ts';

expectNothingLeft();

const examples = join(projectRoot, 'examples');
const recipes = join(examples, 'cookbook');

/** Runs one recipe as a user does. */
const cook = async (file: string, env: Readonly<Record<string, string>> = {}): Promise<RunResult> => {
  await using project = await makeProject('newest', {});
  await cp(recipes, project.folder, { recursive: true });
  // Ten thousand requests are some, where a machine has other work too.
  return await project.run(`./${file}`, [], { env, timeoutMs: 300_000 });
};

const browser = { name: 'BROWSER_IMAGE', isHere: hasBrowser, ensure: ensureBrowserImage };
const nginx = { name: 'NGINX_IMAGE', isHere: hasNginx, ensure: ensureNginxImage };

/** What a recipe's container is made of, and what it prints besides. */
const known: Readonly<Record<string, readonly [typeof nginx, RegExp?]>> = {
  'browser.test.js': [browser],
  'contract.test.js': [{ name: 'IMAGE', isHere: () => true, ensure: ensureCurlImage }],
  'flaky.test.js': [nginx],
  'nginx.test.js': [nginx, /10000 came back by \w+, while 100 ports came and went/],
  'oauth.test.js': [browser],
  'prometheus.test.js': [{ name: 'PROMETHEUS_IMAGE', isHere: hasPrometheus, ensure: ensurePrometheusImage }],
  'statsd.test.js': [{ name: 'BASH_IMAGE', isHere: () => true, ensure: ensureCurlImage }],
};

const carriers = ['nftables', 'iptables', 'relay', 'sidecar'] as const;
const one = process.env['LHF_TEST_STRATEGY'];
/** By what each recipe is run whole: as it comes to choose, or as `LHF_TEST_STRATEGY` and `LHF_TEST_ALL` say. */
const asked: readonly (string | undefined)[] =
  one === undefined ? (process.env['LHF_TEST_ALL'] === '1' ? carriers : [undefined]) : [one];

test('each block of the page is a file of the examples, and each recipe is shown', () => {
  const page = readFileSync(join(projectRoot, 'docs/cookbook.md'), 'utf8');
  const shown = [...page.matchAll(/^\[examples\/(.+)\]\(\.\.\/examples\/\1\)\n\n```\w+\n([^]*?)^```$/gm)];
  for (const [, file = '', text] of shown) expect(text, file).toBe(readFileSync(join(examples, file), 'utf8'));
  expect(page.match(/^```\w/gm)).toHaveLength(shown.length);
  expect(shown.map(([, file]) => file)).toEqual(
    expect.arrayContaining(globSync('{cookbook/*.test.js,*/webhook.test.js}', { cwd: examples })),
  );
  for (const [, target = ''] of page.matchAll(/\]\((\.\.\/[^)]+|[a-z]+\.md)\)/g))
    expect(existsSync(join(projectRoot, 'docs', target)), target).toBe(true);
});

test('each recipe is run here', () =>
  expect(globSync('*.test.js', { cwd: recipes }).toSorted()).toEqual(Object.keys(known)));

describe.each(asked)('by %s', (strategy) => {
  test.for(Object.entries(known))('%s', async ([file, [image, prints = /^. pass 1$/m]], { skip }) => {
    if (!image.isHere()) skip('its program was not unpacked here');
    const by = strategy === undefined ? undefined : { LOCALHOST_FORWARD_STRATEGY: strategy };
    const { exitCode, output } = await cook(file, { ...by, [image.name]: await image.ensure() });
    // What slows in the kernel is a module of it.
    if (exitCode !== 0 && /LHF_ERR_UNSUPPORTED/.test(output) && /netem/.test(output)) skip('this kernel has no netem');
    expect(output).toMatch(prints);
    if (file === 'nginx.test.js') expect(output).toContain(`by ${strategy ?? 'nftables'},`);
    expect(exitCode).toBe(0);
  });
});

test.for(carriers.slice(1))('a proxy, by %s', async (strategy, { skip }) => {
  if (asked[0] !== undefined) skip('it is run whole');
  if (!hasNginx()) skip('nginx was not unpacked here');
  const env = { NGINX_IMAGE: await ensureNginxImage(), LOCALHOST_FORWARD_STRATEGY: strategy, REQUESTS: '200' };
  const { exitCode, output } = await cook('nginx.test.js', env);
  expect(output).toContain(`200 came back by ${strategy}, while 2 ports came and went`);
  expect(exitCode).toBe(0);
});
