// Runs the smoke check and the contract suite on other engines, built from Debian's packages, by each strategy and each kind of rights, and
// ends with a table of them: slow, and so a suite of its own.
//   npm run engines                                   all of them
//   LHF_TEST_ENGINE=podman5 npm run engines           some, with a comma between them
//   LHF_TEST_ENGINE=docker28 npm run engines -- reach files of the contract whose path contains `reach`
//   npm run engines -- --smoke                        the smoke check alone
//   LHF_TEST_STRATEGY=relay LHF_TEST_PRIVILEGE=none   the contract by some strategies, or rights, alone
import Docker from 'dockerode';
import type { DoctorReport } from '../../src/doctor/doctor.ts';
import type { SmokeReport } from '../../src/smoke/report.ts';
import { strategyNames, type Privilege, type Strategy } from '../../src/types.ts';
import { type Results, resultsMark } from '../../script/count-results.ts';
import { importSshdImage } from '../support/sshd-image.ts';
import { type DebianEngine, startDebianEngine } from './debian-engine.ts';
import { engineNamed, type EngineName, engines } from './engines.ts';

const names = (process.env['LHF_TEST_ENGINE']?.split(',') ?? Object.keys(engines)) as EngineName[];
const unknown = names.find((name) => !Object.hasOwn(engines, name));
if (unknown !== undefined) {
  console.error(`There is no engine ${unknown}, there are: ${Object.keys(engines).join(', ')}`);
  process.exit(2);
}
const words = process.argv.slice(2).filter((word) => word !== '--smoke');
const isSmokeAlone = process.argv.includes('--smoke');

/** What one strategy came to by some rights on one engine. */
interface Row {
  readonly engine: string;
  readonly strategy: 'auto' | Strategy;
  readonly privilege: Privilege;
  readonly smoke: string;
  readonly contract: string;
}

const rows: Row[] = [];
const failed: string[] = [];

const smokeWith = async (
  { exec }: DebianEngine,
  strategy: 'auto' | Strategy,
  privilege?: Privilege,
): Promise<SmokeReport> => {
  const env = privilege === undefined ? {} : { LOCALHOST_FORWARD_PRIVILEGE: privilege };
  const argv = [process.execPath, 'src/cli/main.ts', 'smoke', '--strategy', strategy, '--json'];
  return JSON.parse((await exec(argv, { env, timeoutMs: 120_000 })).stdout) as SmokeReport;
};

const examine = async ({ exec }: DebianEngine): Promise<DoctorReport> =>
  JSON.parse(
    (await exec([process.execPath, 'src/cli/main.ts', 'doctor', '--json'], { timeoutMs: 120_000 })).stdout,
  ) as DoctorReport;

/** What a check came to, in one cell. */
const describe = (report: SmokeReport, strategy: 'auto' | Strategy): string => {
  if (report.ok) return `works, ${report.strategy} by ${report.privilege}`;
  const { message = '', evidence = [], try: advice } = report.failure ?? {};
  const own = evidence.find((line) => line.startsWith(`${strategy}: `))?.slice(strategy.length + 2);
  const said =
    report.privilege === null ? `refused: ${own ?? [message, ...evidence].join(' / ')}` : `FAILED: ${message}`;
  return `${said}. Try: ${advice}`;
};

// Tests of this suite that start engines of this machine's own.
const notHere = ['--exclude=**/userland-proxy.test.ts'];
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'contract', '--configLoader=native'];
const reporters = ['--reporter=default', '--reporter=./script/count-results.ts'];

// Nothing of ours sees what `native` carries: files of counts, cuts, callers, UDP and other port numbers are none of its contract.
const contractFiles: Readonly<Partial<Record<Strategy, readonly string[]>>> = {
  native: ['reach', 'close', 'connections', 'failures', 'networks'],
};

/** What Vitest is to find in the paths of a strategy's files; undefined where none of those that were asked for are its. */
const wordsFor = (strategy: Strategy): readonly string[] | undefined => {
  const files = contractFiles[strategy]?.map((file) => `contract/${file}.test.ts`);
  const asked = files?.filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
  return asked?.length === 0 ? undefined : (asked ?? words);
};

const contractWith = async (
  { exec }: DebianEngine,
  strategy: Strategy,
  privilege: Privilege,
  files: readonly string[],
): Promise<Results> => {
  const env = { LHF_TEST_STRATEGY: strategy, LHF_TEST_PRIVILEGE: privilege, LHF_TEST_ALL: '1' };
  const argv = [process.execPath, ...vitest, ...reporters, ...notHere, ...files];
  const { stdout, stderr, exitCode } = await exec(argv, { env, timeoutMs: 3_600_000 });
  const line = stdout.split('\n').find((one) => one.startsWith(resultsMark));
  const results = line === undefined ? undefined : (JSON.parse(line.slice(resultsMark.length)) as Results);
  if (exitCode !== 0) console.log(stdout.replace(line ?? '', ''), stderr);
  return results ?? { passed: 0, skipped: 0, failed: [`it ended with ${exitCode} before any test`], files: [] };
};

const rightsOf = (strategy: Strategy, isRootless: boolean): readonly Privilege[] => {
  if (strategy !== 'nftables' && strategy !== 'iptables') return ['none'];
  return isRootless ? ['root'] : ['root', 'container'];
};

const asked = (name: string, value: string): boolean => process.env[name]?.split(',').includes(value) ?? true;

const run = async (name: EngineName): Promise<void> => {
  const { isRootless = false, auto, refused, worksIfAsked = [] } = engineNamed(name);
  await using engine = await startDebianEngine(name);
  process.env['LOCALHOST_FORWARD_TUNNEL_IMAGE'] = await importSshdImage(new Docker({ socketPath: engine.socketPath }));
  const { reasons, engine: facts } = await examine(engine);
  const version = `${name}: ${facts?.name} ${facts?.version}`;
  const tell = (row: Omit<Row, 'engine'>, isFine: boolean): void => {
    rows.push({ engine: version, ...row });
    console.log(Object.values(rows.at(-1) ?? {}).join(' | '));
    if (!isFine) failed.push(`${name}: ${row.strategy} with ${row.privilege}: ${row.smoke}; ${row.contract}`);
  };
  for (const [strategy, expected] of Object.entries(refused)) {
    const { reason = '' } = reasons.find((one) => one.strategy === strategy) ?? {};
    if (!expected.test(reason)) failed.push(`${name}: ${strategy} is told to be refused by: ${reason}`);
  }
  const first = await smokeWith(engine, 'auto');
  tell(
    { strategy: 'auto', privilege: first.privilege ?? 'none', smoke: describe(first, 'auto'), contract: '' },
    first.ok && first.strategy === auto.strategy && first.privilege === auto.privilege,
  );
  for (const strategy of strategyNames.filter((one) => asked('LHF_TEST_STRATEGY', one))) {
    const isToWork = refused[strategy] === undefined || worksIfAsked.includes(strategy);
    for (const privilege of rightsOf(strategy, isRootless).filter((one) => asked('LHF_TEST_PRIVILEGE', one))) {
      // oxlint-disable-next-line no-await-in-loop -- they share a host
      const smoke = await smokeWith(engine, strategy, privilege === 'none' ? undefined : privilege);
      const row = { strategy, privilege, smoke: describe(smoke, strategy) };
      const files = isSmokeAlone ? undefined : wordsFor(strategy);
      if (files === undefined || !smoke.ok) {
        tell({ ...row, contract: '' }, smoke.ok === isToWork);
        continue;
      }
      // oxlint-disable-next-line no-await-in-loop
      const results = await contractWith(engine, strategy, privilege, files);
      const contract = `${results.passed} passed, ${results.failed.length} failed, ${results.skipped} skipped`;
      for (const test of results.failed) console.log(`FAILED ${name}: ${test}`);
      tell({ ...row, contract }, isToWork && results.failed.length === 0 && results.passed > 0);
    }
  }
};

// One after the other: they share the machine's processors.
// oxlint-disable-next-line no-await-in-loop
for (const name of names) await run(name);

console.log('\n| engine | strategy | rights | smoke | contract |\n| --- | --- | --- | --- | --- |');
for (const row of rows) console.log(`| ${Object.values(row).join(' | ')} |`);
for (const what of failed) console.log(`FAILED ${what}`);
process.exitCode = failed.length === 0 ? 0 : 1;
