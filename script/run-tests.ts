// Runs the Vitest projects, several at a time, each in a process of its own, and ends with one line that counts.
//   node script/run-tests.ts                         everything
//   node script/run-tests.ts --project unit owner    one project, files whose path contains `owner`
//   node script/run-tests.ts --jobs 1                one after the other
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { type ProjectName, projectNames, projects } from '../test/projects.ts';

interface Job {
  readonly name: string;
  readonly project: ProjectName;
  readonly args: readonly string[];
}

interface Results {
  readonly passed: number;
  readonly failed: readonly string[];
  readonly skipped: number;
}

/** The part of Vitest's JSON report that is read here. */
interface Report {
  numPassedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { name: string; status: string; assertionResults: { status: string; fullName: string }[] }[];
}

// What the caller's shell or another test run left in the environment is not part of the test.
const foreign = /^(NODE_ENV|NODE_OPTIONS|NODE_PATH|NODE_V8_COVERAGE|JEST_WORKER_ID|VITEST.*|DEV|PROD|SSR|MODE)$/;
const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))),
  // Hundreds of short programs start, and most of their time is reading the same sources.
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(process.cwd(), 'node_modules/.cache/compile'),
  LHF_USERS_INSTALLED: '1',
};

/** Runs Node and resolves with the exit code; what it prints is kept and shown in one piece where others run beside it. */
const runNode = (args: readonly string[], alone: boolean): Promise<number> =>
  new Promise((resolve, reject) => {
    const printed: Buffer[] = [];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', alone ? 'inherit' : 'pipe', alone ? 'inherit' : 'pipe'],
      env: environment,
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part: Buffer) => printed.push(part));
    child.on('error', reject);
    child.on('close', (code) => {
      process.stdout.write(Buffer.concat(printed));
      resolve(code ?? 1);
    });
  });

const readReport = async (path: string): Promise<Report | undefined> => {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Report;
  } catch {
    return undefined;
  }
};

// A file that did not load has no failed test in it, and an unhandled error belongs to none: both are failures.
const readResults = (job: Job, report: Report | undefined, code: number): Results => {
  const files = report?.testResults ?? [];
  const failed = files.flatMap(({ name, status, assertionResults }) => {
    const tests = assertionResults.filter((test) => test.status === 'failed').map(({ fullName }) => fullName);
    const file = relative('.', name);
    return status === 'failed' && tests.length === 0 ? [file] : tests.map((test) => `${file}: ${test}`);
  });
  return {
    passed: report?.numPassedTests ?? 0,
    failed: failed.length === 0 && code !== 0 ? [`${job.name} ended with ${code}`] : failed,
    skipped: (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0),
  };
};

const planJobs = (chosen: readonly ProjectName[], filters: readonly string[]): Job[] =>
  chosen.flatMap((project) => {
    // A filter may leave fewer files than parts, which Vitest refuses.
    const count = filters.length > 0 ? 1 : projects[project].parts;
    return Array.from({ length: count }, (_, index) => ({
      name: count === 1 ? project : `${project} ${index + 1}/${count}`,
      project,
      args: count === 1 ? filters : [`--shard=${index + 1}/${count}`],
    }));
  });

const runJob = async (job: Job, folder: string, alone: boolean): Promise<Results> => {
  const file = join(folder, `${job.name.replaceAll(/\W/g, '-')}.json`);
  const isApart = projects[job.project].where === 'private engine';
  const place = isApart ? ['test/support/run-in-private-engine.ts', '--', process.execPath] : [];
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', job.project, '--passWithNoTests'];
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  console.log(`${job.name} begins`);
  const code = await runNode([...place, ...vitest, ...reporters, ...job.args], alone);
  return readResults(job, await readReport(file), code);
};

const { values, positionals } = parseArgs({
  options: { project: { type: 'string', multiple: true }, jobs: { type: 'string' } },
  allowPositionals: true,
});
const chosen = projectNames.filter((project) => values.project?.includes(project) ?? true);
const unknown = values.project?.find((project) => !Object.hasOwn(projects, project));
if (unknown !== undefined) {
  console.error(`There is no project ${unknown}, there are: ${projectNames.join(', ')}`);
  process.exit(2);
}

const queue = planJobs(chosen, positionals);
// Half of a test's time is waiting for the engine and the kernel.
const jobs = Math.min(queue.length, Number(values.jobs ?? availableParallelism() + 1));
const folder = await mkdtemp(join(tmpdir(), 'localhost-forward-tests-'));
const results: Results[] = [];
const runLane = async (): Promise<void> => {
  for (let job = queue.shift(); job; job = queue.shift()) results.push(await runJob(job, folder, jobs === 1));
};
try {
  // Packages come from a registry, which is not to be reached from where these tests run.
  if (chosen.includes('users')) {
    const generations = process.env['LHF_MATRIX'] === 'all' ? ['before'] : [];
    const code = await runNode(['test/users/support/installs.ts', ...generations], true);
    if (code !== 0) throw new Error(`Installing what the tests of users' projects need ended with ${code}`);
  }
  await Promise.all(Array.from({ length: jobs }, runLane));
} finally {
  await rm(folder, { recursive: true, force: true });
}
const sum = (count: (result: Results) => number): number => results.reduce((total, result) => total + count(result), 0);
const failed = results.flatMap((result) => result.failed);
for (const test of failed) console.log(`FAILED ${test}`);
console.log(`${sum(({ passed }) => passed)} passed, ${failed.length} failed, ${sum(({ skipped }) => skipped)} skipped`);
process.exitCode = failed.length === 0 ? 0 : 1;
