// Runs the Vitest projects, several at a time, each in a process of its own, and ends with one line that counts.
//   node script/run-tests.ts                         each promise, by each strategy
//   node script/run-tests.ts --whole                 everything: also by each kind of rights, and where hosts and runners are odd
//   node script/run-tests.ts --project unit owner    one project whole, files whose path contains `owner`
//   node script/run-tests.ts --jobs 1                one after the other
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism, constants } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { projectNames, projects, type TestProject, wholeRunsOnly } from '../test/projects.ts';
import { setup as requireFreshBuild } from '../test/support/fresh-build.ts';
import { type Results, resultsMark } from './count-results.ts';
import { type Job, planJobs } from './plan-jobs.ts';

// What the caller's shell or another test run left in the environment is not part of the test.
const foreign = /^(NODE_ENV|NODE_OPTIONS|NODE_PATH|NODE_V8_COVERAGE|JEST_WORKER_ID|VITEST.*|DEV|PROD|SSR|MODE)$/;
const { values, positionals } = parseArgs({
  options: { project: { type: 'string', multiple: true }, jobs: { type: 'string' }, whole: { type: 'boolean' } },
  allowPositionals: true,
});
// Whoever names something wants all of it.
const isWhole =
  values.whole === true ||
  values.project !== undefined ||
  positionals.length > 0 ||
  process.env['LHF_TEST_ALL'] === '1';
const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))),
  // Hundreds of short programs start, and most of their time is reading the same sources.
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(process.cwd(), 'node_modules/.cache/compile'),
  LHF_USERS_INSTALLED: '1',
  LHF_BUILD_IS_FRESH: '1',
  ...(isWhole && { LHF_TEST_WHOLE: '1' }),
};

const chosen = projectNames.filter((project) => values.project?.includes(project) ?? true);
const unknown = values.project?.find((project) => !Object.hasOwn(projects, project));
if (unknown !== undefined) {
  console.error(`There is no project ${unknown}, there are: ${projectNames.join(', ')}`);
  process.exit(2);
}

const queue = planJobs(chosen, positionals, isWhole);
if (queue.length === 0) {
  console.error(`No test file has ${positionals.join(' or ')} in its path`);
  process.exit(2);
}
if (queue.some(({ project }) => 'runsTheBuild' in projects[project])) requireFreshBuild();
const running = new Set<ChildProcess>();
let interruptedBy: NodeJS.Signals | undefined;

// Each job in a group of its own: Ctrl+C comes here alone, is passed on, and what a job opened is closed before this ends. Whatever else
// ends this process ends the jobs by the kernel's hand.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interruptedBy = signal;
    queue.length = 0;
    for (const child of running) child.kill('SIGTERM');
  });
}

/** Runs Node and resolves with its exit code and what it came to; what it prints is shown in one piece where others run beside it. */
const runNode = async (
  args: readonly string[],
  alone: boolean,
): Promise<{ code: number | null; results: Results | undefined }> => {
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', process.execPath, ...args], {
    stdio: ['ignore', 'pipe', alone ? 'inherit' : 'pipe'],
    env: { ...environment, ...(alone && process.stdout.isTTY && { FORCE_COLOR: '1' }) },
    detached: true,
  });
  running.add(child);
  const printed: string[] = [];
  const print = (text: string): unknown => (alone ? process.stdout.write(text) : printed.push(text));
  let results: Results | undefined;
  if (child.stdout)
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith(resultsMark)) results = JSON.parse(line.slice(resultsMark.length)) as Results;
      else print(`${line}\n`);
    });
  child.stderr?.setEncoding('utf8').on('data', print);
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  running.delete(child);
  process.stdout.write(printed.join(''));
  return { code, results };
};

interface Outcome extends Results {
  readonly job: Job;
  readonly seconds: number;
}

const runJob = async (job: Job, alone: boolean): Promise<Outcome> => {
  const { where }: TestProject = projects[job.project];
  const place =
    where === 'private engine' ? ['test/support/run-in-private-engine.ts', ...job.dockerd, '--', process.execPath] : [];
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', job.project];
  const reporters = ['--reporter=default', '--reporter=./script/count-results.ts'];
  console.log(`${job.name} begins`);
  const startedAt = performance.now();
  const { code, results } = await runNode([...place, ...vitest, ...reporters, ...job.files], alone);
  const { passed = 0, skipped = 0, failed = [], files = [] } = results ?? {};
  // Each file is to be heard of; a run that says nothing of a failure fails all the same.
  const missed = job.files
    .filter((file) => !files.some(({ name }) => name === file))
    .map((file) => `${file} did not run`);
  const silent = code !== 0 && failed.length + missed.length === 0 ? [`${job.name} ended with ${code}`] : [];
  const seconds = (performance.now() - startedAt) / 1000;
  return { job, seconds, passed, skipped, files, failed: [...failed, ...missed, ...silent] };
};

/** The longest parts and files, from which `test/projects.ts` has its figures. */
const tellTimes = (outcomes: readonly Outcome[]): void => {
  const jobs = outcomes.map(({ job, seconds }) => ({ name: job.name, seconds }));
  for (const [what, all, most] of [
    ['parts', jobs, 100],
    ['files', outcomes.flatMap(({ files }) => files), 25],
  ] as const) {
    const longest = all.toSorted((a, b) => b.seconds - a.seconds).slice(0, most);
    console.log(
      `${what} by seconds: ${longest.map(({ name, seconds }) => `${name} ${seconds.toFixed(0)}`).join(', ')}`,
    );
  }
};

// Part of a test's time is waiting for the engine and the kernel. Two for each core got less done than one where processes are slow to start.
const lanes = Math.min(queue.length, Number(values.jobs ?? availableParallelism() + 1));
const outcomes: Outcome[] = [];
const runLane = async (): Promise<void> => {
  for (let job = queue.shift(); job; job = queue.shift()) outcomes.push(await runJob(job, lanes === 1));
};
// Packages come from a registry, which is not to be reached from where these tests run.
if (queue.some(({ project }) => project === 'users')) {
  const generations = process.env['LHF_MATRIX'] === 'all' ? ['before'] : [];
  const { code } = await runNode(['test/users/support/installs.ts', ...generations], true);
  if (code !== 0) throw new Error(`Installing what the tests of users' projects need ended with ${code}`);
}
await Promise.all(Array.from({ length: lanes }, runLane));
if (interruptedBy !== undefined) process.exit(128 + constants.signals[interruptedBy]);

const sum = (count: (outcome: Outcome) => number): number => outcomes.reduce((total, one) => total + count(one), 0);
const failed = outcomes.flatMap((outcome) => outcome.failed);
if (lanes > 1) tellTimes(outcomes);
for (const test of failed) console.log(`FAILED ${test}`);
if (!isWhole) console.log(`${wholeRunsOnly.length} files, and rows of others, are run by script/test --whole`);
console.log(`${sum(({ passed }) => passed)} passed, ${failed.length} failed, ${sum(({ skipped }) => skipped)} skipped`);
process.exitCode = failed.length === 0 ? 0 : 1;
