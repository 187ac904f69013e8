import { readdir, readFile } from 'node:fs/promises';
import type Docker from 'dockerode';
import { groupByOwner } from '../../../src/leftovers/belongings.ts';
import { leftoverKinds } from '../../../src/leftovers/kinds.ts';
import { look as lookFor } from '../../../src/leftovers/look.ts';
import { parseSession } from '../../../src/ownership/owner.ts';
import { privilegesOf } from '../../../src/privilege/privileges.ts';
import type { Mark } from '../../../src/strategies/leftover-kind.ts';

/** What one process has on this host at one moment, in words. */
export interface Sight {
  /** Rules, accepts, and bridges with `route_localnet` on. */
  readonly open: readonly string[];
  /** Its holders, and the guardian after them. */
  readonly processes: readonly string[];
  /** Networks, containers, guards. */
  readonly rest: readonly string[];
}

/** Looks once, for all processes: what is there is told by its mark's pid. */
export const look = async (docker: Docker): Promise<(pid: number) => Sight> => {
  const tools = { engine: { docker }, privileges: privilegesOf({ kind: 'root' }) };
  const [{ marks, unseen }, processes] = await Promise.all([lookFor(leftoverKinds, tools), findProcesses()]);
  for (const { name, reason } of unseen) throw new Error(`${name}: ${reason}`);
  const owners = groupByOwner(marks);
  return (pid) => {
    const own = owners.filter(({ session }) => parseSession(session ?? '')?.pid === pid).flatMap((one) => one.marks);
    const isOpen = ({ kind }: Mark): boolean => kind === 'rules' || kind === 'accept' || kind === 'sysctl';
    return {
      open: own.filter(isOpen).map(({ name }) => name),
      processes: processes.filter((one) => one.owner === pid).map(({ text }) => text),
      rest: own.filter((one) => !isOpen(one)).map(({ kind, name }) => `${kind} ${name}`),
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
