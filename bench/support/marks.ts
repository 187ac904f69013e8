import { readdir, readFile } from 'node:fs/promises';
import Docker from 'dockerode';
import { outputOf } from './machine.ts';

/** What carries the product's mark on this host, one line each, in a stable order. Seen without its own parsers. */
export const listMarks = async (): Promise<string[]> => {
  const docker = new Docker();
  const [tables, rules, networks, containers] = await Promise.all([
    listTables(),
    listIptables(),
    docker.listNetworks(),
    docker.listContainers({ all: true }),
  ]);
  return [
    ...tables.map((name) => `nft table ${name}`),
    ...rules.map(({ table, line }) => `iptables ${table} ${line}`),
    ...networks.filter(({ Name }) => Name.startsWith('lhf-')).map(({ Name }) => `network ${Name}`),
    ...containers.filter(({ Names }) => Names[0]?.startsWith('/lhf-')).map(({ Names }) => `container ${Names[0]}`),
  ].toSorted();
};

/** The nft tables with our mark, as `ip lhf_…`. */
export const listTables = async (): Promise<string[]> =>
  [...((await outputOf('nft', 'list', 'tables')) ?? '').matchAll(/^table (\w+ lhf_\S+)$/gm)].map(
    ([, name = '']) => name,
  );

/** The lines of `iptables-save` with our mark, each with its table. */
export const listIptables = async (): Promise<{ table: string; line: string }[]> => {
  const saved = (await outputOf('iptables-save')) ?? '';
  let table = '';
  return saved.split('\n').flatMap((line) => {
    if (line.startsWith('*')) table = line.slice(1);
    // The engine's own rules name our bridges as well, and go with its networks. Chains are declared with counters, which change.
    return /LHF-|lhf:/.test(line) ? [{ table, line: line.replace(/ \[\d+:\d+\]$/, '') }] : [];
  });
};

/** Processes, this one apart, that have the word in their environment. */
export const listProcessesWith = async (word: string): Promise<string[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
  const found = await Promise.all(
    pids.map(async (pid) => {
      if (!(await read(`/proc/${pid}/environ`)).split('\0').includes(word)) return [];
      return [`process ${pid} ${(await read(`/proc/${pid}/cmdline`)).replaceAll(/\s+|\0/g, ' ').slice(-100)}`];
    }),
  );
  return found.flat();
};
