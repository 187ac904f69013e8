import { readdir, readFile } from 'node:fs/promises';
import type Docker from 'dockerode';
import { findEngineMarks } from '../../../src/lifecycle/sweep/engine-marks.ts';
import { findKernelMarks } from '../../../src/lifecycle/sweep/find.ts';
import type { Found } from '../../../src/lifecycle/sweep/leftover.ts';
import { parseSession } from '../../../src/ownership/owner.ts';
import { privilegesOf } from '../../../src/privilege/privileges.ts';

/** What one process has on this host at one moment, in words. */
export interface Sight {
  /** Rules, accepts, and bridges with `route_localnet` on. */
  readonly open: readonly string[];
  /** Networks, containers, guards and processes. */
  readonly rest: readonly string[];
}

/** Looks once, for all processes: what is there is told by its mark's pid. */
export const look = async (docker: Docker): Promise<(pid: number) => Sight> => {
  const [kernel, engine, processes] = await Promise.all([
    findKernelMarks(privilegesOf('root')),
    findEngineMarks({ docker }),
    findProcesses(),
  ]);
  const found = [...kernel, ...engine];
  const bridgesOn = await listOpenBridges();
  return (pid) => {
    const own = found.filter(({ session }) => parseSession(session ?? '')?.pid === pid);
    const bridges = new Set(own.map(({ bridge }) => bridge));
    const isOpen = ({ kind }: Found): boolean => kind === 'rules' || kind === 'accept';
    return {
      open: [
        ...own.filter(isOpen).map(({ name }) => name),
        ...bridgesOn.filter((bridge) => bridges.has(bridge)).map((bridge) => `${bridge} route_localnet`),
      ],
      rest: [
        ...own.filter((one) => !isOpen(one)).map(({ kind, name }) => `${kind} ${name}`),
        ...processes.filter((one) => one.owner === pid).map(({ text }) => text),
      ],
    };
  };
};

// A holder and the guardian after it have their session among their arguments.
const findProcesses = async (): Promise<{ owner: number; text: string }[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.flatMap((line) => {
    const owner = line.split('\0').flatMap((word) => parseSession(word)?.pid ?? [])[0];
    return owner === undefined ? [] : [{ owner, text: `process ${line.slice(-80).replaceAll('\0', ' ')}` }];
  });
};

const listOpenBridges = async (): Promise<string[]> => {
  const names = (await readdir('/proc/sys/net/ipv4/conf')).filter((name) => name.startsWith('lhf-'));
  const values = await Promise.all(
    names.map((name) => readFile(`/proc/sys/net/ipv4/conf/${name}/route_localnet`, 'utf8').catch(() => '0')),
  );
  return names.filter((_, n) => values[n]?.trim() === '1');
};
