// Draws what each command prints, from the commands themselves: `npm run pictures`. They run in an engine and a network of their own, so
// that nothing else of this machine is seen. Writes docs/pictures; with `-- --columns 60,120 --to FOLDER` other widths, to be looked at.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { drawMoving, drawStill } from './pictures/draw.ts';
import { record } from './pictures/record.ts';

const { values } = parseArgs({
  options: {
    columns: { type: 'string', default: '80' },
    to: { type: 'string', default: 'docs/pictures' },
    only: { type: 'string', default: '' },
  },
});
const only = values.only.split(',').filter((name) => name !== '');
const cli = resolve('dist/cli.js');

interface Picture {
  readonly name: string;
  /** What a person would write. */
  readonly command: string;
  /** What is run in its place, where that is another line. */
  readonly line?: string;
  /** A firewall that stands meanwhile, and its end. */
  readonly firewall?: readonly [up: string, down: string];
  readonly isMoving?: boolean;
}

const pictures: readonly Picture[] = [
  { name: 'smoke', command: 'localhost-forward smoke', isMoving: true },
  { name: 'doctor', command: 'localhost-forward doctor' },
  { name: 'ls', command: 'localhost-forward ls' },
  { name: 'sweep', command: 'localhost-forward sweep' },
  { name: 'run', command: 'localhost-forward run 8088:80 -- printenv LOCALHOST_FORWARD_URL' },
  { name: 'help', command: 'localhost-forward --help' },
  {
    name: 'failure',
    command: 'LOCALHOST_FORWARD_FIREWALL=leave localhost-forward smoke',
    firewall: ['iptables -P INPUT DROP', 'iptables -P INPUT ACCEPT'],
  },
  {
    name: 'no-engine',
    command: 'localhost-forward run 8088 -- npm test',
    line: 'DOCKER_HOST=unix:///var/run/none.sock localhost-forward run 8088 -- npm test',
  },
];

const shellLine = ({ command, line = command, firewall }: Picture): string => {
  const own = line.replace('localhost-forward ', `node ${cli} `);
  return firewall === undefined ? own : `${firewall[0]}; ${own}; ${firewall[1]}`;
};

// Where everybody's engine answers: these mounts are no others' than this engine's.
const { DOCKER_HOST: host = '', ...env } = process.env;
if (!host.includes('/lhf-engine-')) throw new Error('these commands run in an engine of their own: npm run pictures');
execFileSync('mount', ['-t', 'tmpfs', 'none', '/run']);
await symlink(host.slice('unix://'.length), '/run/docker.sock');

// What `ls` lists and `sweep` spares: a forward that somebody has open, to a service that is there.
await using open = new AsyncDisposableStack();
const service = createServer((_request, response) => response.end('here\n'));
await new Promise<void>((done) => service.listen(8088, '127.0.0.1', done));
open.defer(() => void service.close());
const other = spawn(process.execPath, [cli, 'run', '8088', '--no-verify', '--', 'sh', '-c', 'echo open; cat'], {
  stdio: ['pipe', 'pipe', 'ignore'],
  env,
});
open.defer(async () => {
  other.stdin.end();
  if (other.exitCode === null) await once(other, 'exit');
});
for await (const text of other.stdout) if (String(text).includes('open')) break;

for (const columns of values.columns.split(',').map(Number)) {
  await mkdir(values.to, { recursive: true });
  for (const picture of pictures.filter(({ name }) => only.length === 0 || only.includes(name))) {
    const { name, command, isMoving = false } = picture;
    const frames = await record(shellLine(picture), columns, env);
    const file = join(values.to, columns === 80 ? name : `${name}-${columns}`);
    await writeFile(`${file}.svg`, drawStill(command, columns, frames.at(-1)?.rows ?? []));
    if (isMoving) await writeFile(`${file}-moving.svg`, drawMoving(command, columns, frames));
    console.log(`${file}.svg`);
  }
}
