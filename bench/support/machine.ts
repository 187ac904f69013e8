import { execFile } from 'node:child_process';
import { availableParallelism, cpus, loadavg, release } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import Docker from 'dockerode';

/** What a program printed, or undefined where it is not there or failed. */
export const outputOf = (command: string, ...args: readonly string[]): Promise<string | undefined> =>
  new Promise((resolve) => {
    const options = { maxBuffer: 2 ** 28 };
    execFile(command, args, options, (error, stdout) => resolve(error === null ? stdout : undefined));
  });

/** The machine and the versions of what figures depend on, in one line. */
export const describeMachine = async (): Promise<string> => {
  const [nft, iptables, docker] = await Promise.all([
    outputOf('nft', '--version'),
    outputOf('iptables', '--version'),
    new Docker().version(),
  ]);
  return [
    `Linux ${release()}`,
    nft?.trim().split(' (')[0] ?? 'no nft',
    iptables?.trim() ?? 'no iptables',
    `dockerd ${docker.Version}`,
    `node ${process.version}`,
    `${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}`,
  ].join(' · ');
};

/** How idle the processors are to be, how long each look at them takes in milliseconds, and how many there are at most. */
const idleShare = 0.9;
const lookMs = 250;
const looks = 240;

/** Waits until this machine is done with what it was asked for: an engine works on for a while after it has answered. */
export const settle = async (): Promise<void> => {
  const read = (): { idle: number; all: number } => {
    const times = cpus().map((cpu) => cpu.times);
    const all = times.reduce((sum, one) => sum + one.user + one.nice + one.sys + one.idle + one.irq, 0);
    return { idle: times.reduce((sum, { idle }) => sum + idle, 0), all };
  };
  let before = read();
  for (let look = 0; look < looks; look += 1) {
    await delay(lookMs);
    const now = read();
    if (now.idle - before.idle >= idleShare * (now.all - before.all)) return;
    before = now;
  }
};
