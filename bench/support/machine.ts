import { execFile } from 'node:child_process';
import { availableParallelism, loadavg, release } from 'node:os';
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
