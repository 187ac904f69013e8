// Runs the Vitest projects one after the other, each in a process of its own, and ends with one line that counts.
//   node script/run-tests.ts                         everything
//   node script/run-tests.ts --project unit owner    one project, files whose path contains `owner`
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const projects = ['unit', 'engine', 'users', 'crash', 'firewall'];

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** The part of Vitest's JSON report that is read here. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

// What the caller's shell or another test run left in the environment is not part of the test.
const foreign = /^(NODE_ENV|NODE_OPTIONS|NODE_PATH|NODE_V8_COVERAGE|JEST_WORKER_ID|VITEST.*|DEV|PROD|SSR|MODE)$/;
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));

// Snapshots of a whole host, processes that are killed, and what users install have an engine and a firewall of their own.
const apart = ['engine', 'users', 'crash'];

const runVitest = (project: string, args: readonly string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const place = apart.includes(project) ? ['test/support/run-in-private-engine.ts', '--', process.execPath] : [];
    const vitest = spawn(
      process.execPath,
      [...place, 'node_modules/vitest/vitest.mjs', 'run', '--project', project, ...args],
      {
        stdio: ['ignore', 'inherit', 'inherit'],
        env: environment,
      },
    );
    vitest.on('error', reject);
    vitest.on('exit', (code) => resolve(code ?? 1));
  });

const readReport = async (path: string): Promise<Report | undefined> => {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Report;
  } catch {
    return undefined;
  }
};

// A file that did not load has no failed test in it, and an unhandled error belongs to none: both are failures.
const countResults = (report: Report | undefined, code: number): Counts => {
  const unloaded = (report?.testResults ?? []).filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  );
  const failed = (report?.numFailedTests ?? 0) + unloaded.length;
  return {
    passed: report?.numPassedTests ?? 0,
    failed: code === 0 ? failed : Math.max(failed, 1),
    skipped: (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0),
  };
};

// Packages come from a registry, which is not to be reached from where these tests run.
const installRunners = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const install = spawn(process.execPath, ['test/users/support/installs.ts'], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: environment,
    });
    install.on('error', reject);
    install.on('exit', (code) => resolve(code ?? 1));
  });

const runProject = async (project: string, filters: readonly string[], folder: string): Promise<Counts> => {
  const file = join(folder, `${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  if (project === 'users') await installRunners();
  const code = await runVitest(project, ['--passWithNoTests', ...reporters, ...filters]);
  return countResults(await readReport(file), code);
};

const { values, positionals } = parseArgs({
  options: { project: { type: 'string', multiple: true } },
  allowPositionals: true,
});
const unknown = values.project?.find((project) => !projects.includes(project));
if (unknown !== undefined) {
  console.error(`There is no project ${unknown}, there are: ${projects.join(', ')}`);
  process.exit(2);
}

const folder = await mkdtemp(join(tmpdir(), 'localhost-forward-tests-'));
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
try {
  for (const project of values.project ?? projects) {
    console.log(`\n${project}`);
    // One project at a time: they share the host's firewall.
    // oxlint-disable-next-line no-await-in-loop
    const counts = await runProject(project, positionals, folder);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
