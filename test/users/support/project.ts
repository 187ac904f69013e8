import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { projectRoot } from '../../support/children.ts';
import { execHere, outputOf, type ExecOptions, type ExecResult } from '../../support/run.ts';

/*
 * Users' projects, in a folder of this checkout: the package itself is unpacked from the tarball beside them, and what it and they
 * depend on is found further up, where this checkout has it.
 */
const home = join(projectRoot, '.tools', 'users');

let packed: Promise<void> | undefined;

/** Packs the package and unpacks the tarball where projects find it. */
export const unpackPackage = (): Promise<void> => (packed ??= unpack());

const unpack = async (): Promise<void> => {
  const target = join(home, 'node_modules', 'localhost-forward');
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  const archives = await mkdtemp(join(home, 'pack-'));
  try {
    const [{ filename }] = JSON.parse(
      await outputOf(execHere, [
        'npm',
        'pack',
        projectRoot,
        '--json',
        '--ignore-scripts',
        '--pack-destination',
        archives,
      ]),
    ) as [{ filename: string }];
    await outputOf(execHere, ['tar', '-xzf', join(archives, filename), '-C', target, '--strip-components', '1']);
  } finally {
    await rm(archives, { recursive: true, force: true });
  }
};

export interface Project extends AsyncDisposable {
  readonly directory: string;
  /** Runs a program of this checkout's node_modules in the project, with Node's own flags before it. */
  run(
    script: string,
    args?: readonly string[],
    options?: ExecOptions & { flags?: readonly string[] },
  ): Promise<ExecResult>;
}

/** The command by which a test of the project fetches from a container. */
export const fetchScript = join(projectRoot, 'test', 'support', 'fetch.ts');

/** Writes a project; leaving the scope removes it. */
export const writeProject = async (files: Readonly<Record<string, string>>): Promise<Project> => {
  await unpackPackage();
  const directory = await mkdtemp(join(home, 'project-'));
  for (const [path, text] of Object.entries({ 'package.json': '{ "name": "project", "private": true }', ...files })) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  return {
    directory,
    run: (script, args = [], { flags = [], ...options } = {}) =>
      execHere([process.execPath, ...flags, join(projectRoot, 'node_modules', script), ...args], {
        timeoutMs: 120_000,
        ...options,
        cwd: directory,
        // CI colours and annotations are the runner's business, not what is looked at here.
        env: {
          NO_COLOR: '1',
          FORCE_COLOR: undefined,
          GITHUB_ACTIONS: undefined,
          NODE_OPTIONS: undefined,
          VITEST: undefined,
          ...options.env,
        },
      }),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
};

/** What tests of users' projects have in common: a service, and a request to it from a real container. */
export const userHelpers = (format: 'esm' | 'cjs'): string => {
  const [imports, exports] =
    format === 'esm'
      ? [
          "import { createServer } from 'node:http';\nimport { execFile } from 'node:child_process';\nimport { promisify } from 'node:util';",
          'export { serve, fetchFrom };',
        ]
      : [
          "const { createServer } = require('node:http');\nconst { execFile } = require('node:child_process');\nconst { promisify } = require('node:util');",
          'module.exports = { serve, fetchFrom };',
        ];
  return `${imports}
const serve = (port) => new Promise((resolve) => {
  const server = createServer((request, response) => response.end(JSON.stringify({ hello: process.pid, from: request.socket.remoteAddress })));
  server.listen(port, '127.0.0.1', () => resolve(server));
});
const fetchFrom = async (net, url = net.url()) => {
  const { stdout } = await promisify(execFile)(process.execPath, [${JSON.stringify(fetchScript)}, net.networkName, net.extraHosts[0], url]);
  const { answer, error } = JSON.parse(stdout);
  if (answer === undefined) throw new Error('from the container: ' + error);
  return answer;
};
${exports}
`;
};
