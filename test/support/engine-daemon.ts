import { closeSync, openSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { basename } from 'node:path';
import type { Place } from './place.ts';
import { exitOf, outputOf } from './run.ts';
import { until } from './until.ts';

/** The cgroup under which the engine in `directory` puts its containers: cgroups know no namespace of ours. */
export const cgroupOf = (directory: string): string => basename(directory);

/** Starts a stopped engine; `args`, where given, are kept for later starts. Resolves when it answers. */
export const startEngine = async (place: Place, args?: readonly string[]): Promise<void> => {
  const { directory } = place;
  const argsFile = `${directory}/dockerd-args.json`;
  if (args) await writeFile(argsFile, JSON.stringify(args));
  const extra = JSON.parse(await readFile(argsFile, 'utf8')) as string[];
  const log = openSync(`${directory}/dockerd.log`, 'a');
  const daemon = place.spawn(['dockerd', ...argumentsIn(directory), ...extra], {
    cwd: '/',
    // A daemon of so short a life, and each of its many short programs, need not collect its garbage as if memory were dear.
    env: { GOGC: '400' },
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  // An engine outlives the test that started it.
  daemon.unref();
  let ended: string | undefined;
  exitOf(daemon).then(
    ([code, signal]) => (ended = `ended with ${code ?? signal}`),
    (error: unknown) => (ended = String(error)),
  );
  await until(
    async () => {
      if (ended !== undefined) return true;
      return await answers(place.socketPath);
    },
    { timeoutMs: 30_000, everyMs: 25, what: `the engine in ${directory}` },
  );
  if (ended !== undefined)
    throw new Error(`dockerd ${ended}\n${readFileSync(`${directory}/dockerd.log`, 'utf8').slice(-2_000)}`);
};

/** Stops the engine: with SIGTERM its containers too, with SIGKILL it leaves them running. */
export const stopEngine = async (place: Place, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> => {
  const pidFile = `${place.directory}/private/docker.pid`;
  const stop = `pid=$(cat "$1") && kill -s "$2" "$pid" && while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done; rm -f "$1"`;
  await outputOf(place.exec, ['sh', '-c', stop, 'stop-engine', pidFile, signal.slice(3)]);
};

// cgroupfs and the parent by name, so that what the containers leave there can be found and removed.
const argumentsIn = (directory: string): string[] => [
  `--host=unix://${directory}/docker.sock`,
  `--data-root=${directory}/private/data`,
  `--exec-root=${directory}/private/exec`,
  `--pidfile=${directory}/private/docker.pid`,
  `--cgroup-parent=/${cgroupOf(directory)}`,
  '--exec-opt=native.cgroupdriver=cgroupfs',
  '--storage-driver=vfs',
];

/** Whether an engine answers there now. */
export const answers = (socketPath: string): Promise<boolean> =>
  new Promise((resolve) => {
    const ping = request({ socketPath, path: '/_ping', timeout: 1_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy());
    ping.on('error', () => resolve(false));
    ping.end();
  });
