import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './children.ts';
import type { Place } from './place.ts';
import { exitOf, outputOf } from './run.ts';
import { until } from './until.ts';

/** The real firewalld, in a private engine's network, with a configuration and a message bus of its own. */
export interface Firewalld extends AsyncDisposable {
  /** Any firewall-cmd, such as `run('--reload')`; returns what it printed. */
  run(...args: readonly string[]): Promise<string>;
  /** What a program needs to find it, as an engine does. */
  readonly env: Readonly<Record<string, string>>;
  /** A firewall-cmd with its environment, for a shell. */
  readonly command: string;
}

const unpacked = join(projectRoot, '.tools/firewalld');
const python = '/usr/bin/python3';
const daemon = `${unpacked}/usr/sbin/firewalld`;

/** Whether script/bootstrap could unpack it here, and what it runs by is on this machine. */
export const hasFirewalld =
  [daemon, python, '/usr/bin/dbus-daemon'].every((path) => existsSync(path)) &&
  spawnSync(python, ['-c', 'import dbus, gi']).status === 0;

// Nobody but the place's own processes finds the bus, so that everybody there may do everything.
const busConfig = (socket: string): string => `<busconfig>
  <type>system</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>`;

const prepare = `
mkdir -p "$1"
cp -a "$2/etc/firewalld" "$1/etc"
sed -i "s/^DefaultZone=.*/DefaultZone=$3/" "$1/etc/firewalld.conf"
printf '%s\\n' "$4" > "$1/bus.conf"
`;

/** Starts it with this zone for whatever is in no other. It ends with the place at the latest. */
export const openFirewalld = async (place: Place, zone: 'public' | 'drop' | 'trusted'): Promise<Firewalld> => {
  const directory = `${place.directory}/private/firewalld`;
  const env = {
    DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${directory}/bus`,
    PYTHONPATH: `${unpacked}/usr/lib/python3/dist-packages`,
  };
  const config = [`--system-config=${directory}/etc`, `--default-config=${unpacked}/usr/lib/firewalld`];
  await outputOf(place.exec, ['sh', '-ec', prepare, 'sh', directory, unpacked, zone, busConfig(`${directory}/bus`)]);
  const bus = place.spawn(['dbus-daemon', `--config-file=${directory}/bus.conf`, '--nofork', '--nopidfile'], {
    stdio: 'ignore',
  });
  const firewall = place.spawn([daemon, '--nofork', '--nopid', `--log-file=${directory}/log`, ...config], {
    env,
    stdio: 'ignore',
  });
  const ends = [exitOf(firewall), exitOf(bus)];
  const run = (...args: readonly string[]): Promise<string> =>
    outputOf(
      (argv) => place.exec(argv, { env, timeoutMs: 60_000 }),
      [python, `${unpacked}/usr/bin/firewall-cmd`, ...args],
    );
  const end = async (): Promise<void> => {
    // Its rules go with it.
    firewall.kill();
    await ends[0];
    bus.kill();
    await ends[1];
    await outputOf(place.exec, ['rm', '-rf', directory]);
  };
  const isRunning = async (): Promise<boolean> => (await run('--state').catch(() => '')).trim() === 'running';
  try {
    await until(isRunning, { timeoutMs: 60_000, everyMs: 100, what: 'firewalld' });
  } catch (error) {
    await end();
    throw error;
  }
  const words = [...Object.entries(env).map(([key, value]) => `${key}='${value}'`), python];
  return { run, env, command: `${words.join(' ')} ${unpacked}/usr/bin/firewall-cmd`, [Symbol.asyncDispose]: end };
};
