import type { Proofs, Translation } from '../strategy.ts';

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

/** What each translation of our own probe counted in `iptables -t nat -v -S <chain>`, and where it leads. */
export const parseProofs = (listing: string): Map<string, Proofs> =>
  new Map(
    listing.split('\n').flatMap((line) => {
      if (line.includes('! --mac-source')) return [];
      const [, protocol, containerPort] = /-p (tcp|udp) .*--dport (\d+) /.exec(line) ?? [];
      const packets = /-c (\d+) \d+/.exec(line)?.[1];
      const targetPort = /--to-destination [\d.]+:(\d+)/.exec(line)?.[1];
      if (protocol === undefined || packets === undefined || targetPort === undefined) return [];
      return [[`${protocol}/${containerPort}`, { packets: Number(packets), targetPort: Number(targetPort) }] as const];
    }),
  );
