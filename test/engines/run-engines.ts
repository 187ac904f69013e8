// Runs the smoke check and the contract suite on other engines, built from Debian's packages: slow, and so a suite of its own.
//   npm run engines                                   all of them
//   LHF_TEST_ENGINE=podman5 npm run engines           some, with a comma between them
//   LHF_TEST_ENGINE=docker28 npm run engines -- reach files of the contract whose path contains `reach`
import { type EngineName, engines, startDebianEngine } from './debian-engine.ts';
import { exitOf } from '../support/run.ts';

const names = (process.env['LHF_TEST_ENGINE']?.split(',') ?? Object.keys(engines)) as EngineName[];
const unknown = names.find((name) => !Object.hasOwn(engines, name));
if (unknown !== undefined) {
  console.error(`There is no engine ${unknown}, there are: ${Object.keys(engines).join(', ')}`);
  process.exit(2);
}

const contract = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'contract', '--reporter=dot'];
// It starts engines of its own, which are this machine's.
const notHere = ['--exclude=**/userland-proxy.test.ts'];
const failed: string[] = [];
for (const name of names) {
  await using engine = await startDebianEngine(name);
  const run = async (what: string, argv: readonly string[]): Promise<void> => {
    console.log(`${name}: ${what}`);
    const [code] = await exitOf(engine.spawn([process.execPath, ...argv], { stdio: ['ignore', 'inherit', 'inherit'] }));
    if (code !== 0) failed.push(`${name}: ${what}`);
  };
  await run('doctor', ['src/cli/main.ts', 'doctor']);
  await run('smoke', ['src/cli/main.ts', 'smoke', '--strategy', 'all']);
  await run('contract', [...contract, ...notHere, ...process.argv.slice(2)]);
}
for (const what of failed) console.log(`FAILED ${what}`);
process.exitCode = failed.length === 0 ? 0 : 1;
