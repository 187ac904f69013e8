import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Docker from 'dockerode';
import { beforeAll, expect, test } from 'vitest';
import { projectRoot } from '../support/children.ts';
import { execHere } from '../support/run.ts';
import { listenTcp, listenUdp } from '../support/services.ts';
import { ensureCurlImage } from './support/curl-image.ts';
import { expectNothingLeft } from './support/nothing-left.ts';
import { makeProject, programs, type Project } from './support/projects.ts';

// Every block of code in the README runs as it stands. The image that it names is made here: no registry is asked.
const image = 'curlimages/curl:latest';

expectNothingLeft();

beforeAll(async () => {
  const docker = new Docker();
  const isThere = await docker
    .getImage(image)
    .inspect()
    .then(
      () => true,
      () => false,
    );
  if (isThere) return undefined;
  await docker.getImage(await ensureCurlImage(docker)).tag({ repo: 'curlimages/curl', tag: 'latest' });
  return async () => void (await docker.getImage(image).remove());
});

const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, language = '', text = '']) => ({
  language,
  text,
}));

/** By what a block begins with. */
const blockWith = (words: string): string => blocks.find(({ text }) => text.includes(words))?.text ?? '';

const opening = blockWith('// forward.mjs');
const scripts: readonly (readonly [what: string, words: string, prints: RegExp])[] = [
  ['the webhook', 'nextRequest(', /^\{ id: 7 \} from \w+$/m],
  ['the cut', 'net.cut(', /^$/],
  ['the options', "strategy: 'auto'", /hostPort: 8088,[^]*containerPort: 80,[^]*protocol: 'udp'/],
];
const tests = [blockWith('// orders.test.ts'), blockWith('// orders.test.js')] as const;
const files = {
  'first.test.ts': tests[0],
  'jest/first.test.js': tests[1],
  'jest/package.json': '{ "private": true, "jest": {} }',
};

test('each block of code is one that is run here', () => {
  const code = blocks.filter(({ language }) => language !== 'sh').map(({ text }) => text);
  const known = [opening, ...scripts.map(([, words]) => blockWith(words)), ...tests];
  expect(code.toSorted()).toEqual(known.toSorted());
});

const project = (): Promise<Project> => makeProject('newest', files);

test('the opening one, with a service of its own', async () => {
  await using place = await makeProject('newest', { 'forward.mjs': opening });
  expect(await place.run('./forward.mjs')).toMatchObject({ exitCode: 0, output: '3 orders\n\n' });
});

test('the scripts', async () => {
  await using place = await makeProject(
    'newest',
    Object.fromEntries(scripts.map(([, words], n) => [`script-${n}.mjs`, blockWith(words)])),
  );
  await using services = new AsyncDisposableStack();
  services.use(await listenTcp({ port: 8088 }));
  services.use(await listenUdp({ port: 5353 }));
  const results = await Promise.all(scripts.map((_, n) => place.run(`./script-${n}.mjs`)));
  for (const [n, { exitCode, output }] of results.entries()) {
    expect(output.trim(), scripts[n]?.[0]).toMatch(scripts[n]?.[2] ?? /^$/);
    expect(exitCode).toBe(0);
  }
});

test('the first test, of Vitest and of Jest', async () => {
  await using place = await project();
  const vitest = await place.run(programs.vitest, ['run', 'first.test.ts']);
  expect(vitest.output).toMatch(/Tests\s+1 passed \(1\)/);
  const jest = await place.run(programs.jest, ['--rootDir', 'jest']);
  expect(jest.output).toMatch(/Tests:\s+1 passed, 1 total/);
});

test('the same of Jest with ES modules and TypeScript, by the commands that the page names', async () => {
  const written = tests[1]
    .replace('// orders.test.js', "import type { AddressInfo } from 'node:net';")
    .replaceAll(/^const (.+) = require\((.+)\);$/gm, 'import $1 from $2;')
    .replace(/^require\((.+)\);/m, 'import $1;')
    .replace('service.address().port', '(service.address() as AddressInfo).port');
  const [, pairs = ''] = /`npm pkg set ([^`]*jest\.preset=[^`]*)`/.exec(readme) ?? [];
  const [, options = ''] = /`npx tsc --init (--types jest[^`]*)`/.exec(readme) ?? [];
  const [, nodeOptions = ''] = /`NODE_OPTIONS=(\S+) npx jest`/.exec(readme) ?? [];
  await using place = await makeProject('newest', { 'orders.test.ts': written, 'package.json': '{ "private": true }' });
  const root = ['--rootDir', place.folder];
  await execHere(['npm', 'pkg', 'set', ...pairs.split(' ')], { cwd: place.folder });
  expect((await place.run('typescript/bin/tsc', ['--init', ...options.split(' ')])).exitCode).toBe(0);
  const jest = await place.run(programs.jest, root, { env: { NODE_OPTIONS: nodeOptions } });
  expect(jest.output).toMatch(/Tests:\s+1 passed, 1 total/);
  expect(await place.run('typescript/bin/tsc', ['-p', '.', '--noEmit'])).toEqual({ exitCode: 0, output: '\n' });
});
