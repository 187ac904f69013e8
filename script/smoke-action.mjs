// What action.yml runs: a smoke check per port, its outcome as the step's outputs. The command line itself writes the job summary.
// Plain JavaScript, for runners whose Node is older than the one that runs TypeScript.
import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const {
  INPUT_VERSION = 'latest',
  INPUT_STRATEGY = 'auto',
  INPUT_PORTS = '',
  INPUT_HERMETIC = '',
  GITHUB_OUTPUT,
} = process.env;
const ports = INPUT_PORTS.split(/[\s,]+/).filter((port) => port !== '');

// As YAML has them; a word that is neither must not pass for a proof that was not made.
const hermetic = new Map([
  ['true', true],
  ['false', false],
  ['', false],
]).get(INPUT_HERMETIC.toLowerCase());
const hermeticArgs = hermetic ? ['--hermetic'] : [];

// On Windows npx is a script for a shell, which would read what inputs say; beside Node lies what it runs.
const [npx, ...npxArgs] =
  process.platform === 'win32'
    ? [process.execPath, join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npx-cli.js')]
    : ['npx'];

const smoke = (portArgs) => {
  const command = ['--yes', `localhost-forward@${INPUT_VERSION || 'latest'}`, 'smoke', '--json'];
  const args = [...command, '--strategy', INPUT_STRATEGY || 'auto', ...hermeticArgs, ...portArgs];
  const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
  const { status, stdout, error } = spawnSync(npx, [...npxArgs, ...args], options);
  if (error) {
    console.log(`npx cannot be run: ${error.message}`);
    return { ok: false };
  }
  try {
    const { ok, strategy, steps, failure } = JSON.parse(stdout);
    for (const step of steps) console.log(describe(step));
    for (const line of failure === undefined ? [] : [failure.message, ...failure.evidence, tryLine(failure)])
      console.log(line);
    return { ok: ok === true && status === 0, strategy };
  } catch {
    process.stdout.write(stdout);
    return { ok: false };
  }
};

// As the command line writes them.
const describe = ({ name, ok, ms, detail }) =>
  `${ok ? '✓' : '✗'} ${name.padEnd(14)}${`${Math.round(ms)} ms`.padStart(8)}  ${detail}`;
const tryLine = ({ try: advice }) => (advice === undefined ? '' : `Try: ${advice}`);

if (hermetic === undefined) console.log(`Expected the input hermetic to be 'true' or 'false', got '${INPUT_HERMETIC}'`);
const results =
  hermetic === undefined
    ? [{ ok: false }]
    : (ports.length === 0 ? [[]] : ports.map((port) => ['--port', port])).map(smoke);
const ok = results.every((result) => result.ok);
const strategy = results.find((result) => typeof result.strategy === 'string')?.strategy ?? '';

// One line per output: a name of a strategy has no line breaks, and what has is none.
if (GITHUB_OUTPUT) appendFileSync(GITHUB_OUTPUT, `ok=${ok}\nstrategy=${strategy.replace(/[^a-z]/g, '')}\n`);
process.exitCode = ok ? 0 : 1;
