import { readFile } from 'node:fs/promises';

export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  readonly family: 4 | 6;
  /** As printed, for example `127.0.0.1`, `0.0.0.0`, `::1`. */
  readonly address: string;
  readonly port: number;
}

/** Each address on which one port of this host (and this network namespace) is listened to, read from /proc/net. */
export const readListeners = async (port: number, protocol: 'tcp' | 'udp'): Promise<Listener[]> => {
  const [four, six] = await Promise.all([readTable(protocol), readTable(`${protocol}6`)]);
  const listening = protocol === 'tcp' ? '0A' : '07';
  const read = (table: string, family: 4 | 6): Listener[] =>
    table
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === listening)
      .map((fields) => {
        const [address = '', hexPort = ''] = (fields[1] ?? '').split(':');
        return {
          protocol,
          family,
          address: family === 4 ? readV4(address) : readV6(address),
          port: parseInt(hexPort, 16),
        };
      })
      .filter((listener) => listener.port === port);
  // The kernel may list a socket twice when others come and go while it is read.
  return [...read(four, 4), ...read(six, 6)].filter(
    ({ address }, index, all) => all.findIndex((other) => other.address === address) === index,
  );
};

/** Whether a packet to 127.0.0.1 would find this listener; `::` takes IPv4 too unless it is bound to IPv6 only, which /proc does not tell. */
export const takesLoopback4 = (listener: Listener): boolean =>
  ['127.0.0.1', '0.0.0.0', '::', '::ffff:127.0.0.1', '::ffff:0.0.0.0'].includes(listener.address);

/** Whether a packet to ::1 would find this listener. */
export const takesLoopback6 = (listener: Listener): boolean => ['::1', '::'].includes(listener.address);

const readTable = async (name: string): Promise<string> => readFile(`/proc/net/${name}`, 'utf8').catch(() => '');

const bytesOf = (hex: string): number[] =>
  (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).toReversed().map((byte) => parseInt(byte, 16)),
  );

const readV4 = (hex: string): string => bytesOf(hex).join('.');

const readV6 = (hex: string): string => {
  const bytes = bytesOf(hex);
  if (bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255)
    return `::ffff:${bytes.slice(12).join('.')}`;
  const words = Array.from({ length: 8 }, (_, n) =>
    ((bytes[2 * n] ?? 0) * 256 + (bytes[2 * n + 1] ?? 0)).toString(16),
  ).join(':');
  return words.replace(/(^|:)0(:0)+(:|$)/, '::');
};
