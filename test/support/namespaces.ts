import { once } from 'node:events';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { exitOf, type Spawn } from './run.ts';
import { within } from './until.ts';

/** Network, mount and pid namespaces of their own, held by a process of ours. */
export interface Namespaces extends AsyncDisposable {
  /** Starts a command in them. */
  readonly spawn: Spawn;
  /** Kills all that runs in them, and resolves when it is gone. */
  close(): Promise<void>;
}

// Init of the pid namespace: it ends with our end of its standard input, however we die, and the kernel then kills
// all that is left. It waits for a job so that the shell reaps what others orphan. The engine's files, /run (sockets,
// xtables.lock) and /sys (the new network's interfaces) are private; the directory itself is shared with the host.
const init = `
set -e
mkdir "$1/private"
mount -t tmpfs -o mode=755 tmpfs "$1/private"
mkdir -p -m 1777 "$1/private/tmp"
mkdir "$1/private/sys"
mount -t sysfs sysfs "$1/private/sys"
mount --rbind /sys/fs/cgroup "$1/private/sys/fs/cgroup"
mount --rbind "$1/private/sys" /sys
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -m 1777 /run/lock
ln -s "$1/docker.sock" /run/docker.sock
ip link set lo up
exec 3<&0
cat <&3 >/dev/null & keeper=$!
echo ready
wait $keeper
`;

/** Opens namespaces whose private files are under `directory`. Needs root. */
export const openNamespaces = async (directory: string): Promise<Namespaces> => {
  const keeper = spawn(
    'unshare',
    [
      '--net',
      '--mount',
      '--pid',
      '--fork',
      '--kill-child=SIGKILL',
      '--mount-proc',
      'sh',
      '-c',
      init,
      'lhf-test-namespaces',
      directory,
    ],
    // Ctrl+C is for the tests, which then close what they opened.
    { stdio: ['pipe', 'pipe', 'pipe'], detached: true },
  );
  keeper.stdin.on('error', () => {});
  let complaint = '';
  keeper.stderr.setEncoding('utf8').on('data', (part: string) => (complaint += part));
  const exit = exitOf(keeper);
  const ready = once(keeper.stdout, 'data').then(() => true);
  if (!(await within(10_000, 'new namespaces', Promise.race([ready, exit.then(() => false)])))) {
    throw new Error(`Could not open namespaces (this needs root, unshare and ip):\n${complaint}`);
  }
  const close = async (): Promise<void> => {
    keeper.stdin.end();
    await within(10_000, 'the namespaces to end', exit);
  };
  return { spawn: spawnIn(keeper.pid ?? 0), close, [Symbol.asyncDispose]: close };
};

// The keeper is in the network and mounts itself, while the pid namespace holds for its children only. The directory
// is entered by a shell: nsenter would keep it open from the host's mounts.
const spawnIn =
  (keeperPid: number): Spawn =>
  (argv, { env, cwd = process.cwd(), ...options } = {}) => {
    const ns = `/proc/${keeperPid}/ns`;
    const enter = [`--net=${ns}/net`, `--mount=${ns}/mnt`, `--pid=${ns}/pid_for_children`, '--'];
    const child = spawn('nsenter', [...enter, 'sh', '-c', 'cd "$0" && exec "$@"', cwd, ...argv], {
      ...options,
      env: { ...process.env, ...env },
    });
    return killThrough(child);
  };

// nsenter waits for the command but passes no signal on, so signals go to its child; it then ends in the same way.
const killThrough = (child: ChildProcess): ChildProcess => {
  const killEntrance = child.kill.bind(child);
  child.kill = (signal = 'SIGTERM') => {
    const inner = readChildren(child.pid);
    if (inner.length === 0) return killEntrance(signal);
    return inner.map((pid) => trySignal(pid, signal)).some(Boolean);
  };
  return child;
};

const readChildren = (pid: number | undefined): number[] => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
};

const trySignal = (pid: number, signal: NodeJS.Signals | number): boolean => {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
};
