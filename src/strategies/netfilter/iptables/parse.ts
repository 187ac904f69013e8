import type { Translation } from '../../strategy.ts';

/** One table's part of what `iptables-save` prints. */
export const tableOf = (saved: string, table: string): string => {
  const start = saved.search(new RegExp(`^\\*${table}$`, 'm'));
  return start < 0 ? '' : saved.slice(start, saved.indexOf('\nCOMMIT', start) + 1);
};

/** The counters of one port's rule in `iptables-save -c`, the one that leaves our own proof out; undefined where it is not there. */
export const parseCounters = (
  saved: string,
  chain: string,
  port: Pick<Translation, 'protocol' | 'containerPort'>,
): { packets: number; bytes: number } | undefined => {
  const line = saved
    .split('\n')
    .find(
      (text) =>
        text.includes(`-A ${chain} -p ${port.protocol} `) &&
        text.includes('! --mac-source') &&
        new RegExp(String.raw`--dport ${port.containerPort}( |$)`).test(text),
    );
  const [, packets, bytes] = /^\[(\d+):(\d+)\]/.exec(line ?? '') ?? [];
  return line === undefined ? undefined : { packets: Number(packets ?? 0), bytes: Number(bytes ?? 0) };
};
