import { readFile } from 'node:fs/promises';
import { bytesOfWords } from './words.ts';

/** An address as printed, for example `127.0.0.1`, `::1`, `::ffff:127.0.0.1`, and a port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** One socket of this host (and this network namespace). */
export interface HostSocket {
  readonly family: 4 | 6;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** As /proc tells it: two hexadecimal digits, `0A` for one that listens. */
  readonly state: string;
  /** Whether it is some program's: one that waits to be accepted is nobody's yet, nor is one that the kernel alone keeps. */
  readonly isOwned: boolean;
}

const listening = '0A';
const established = '01';
const inHandshake = '03';
const timeWait = '06';

/** One end of a connection on this host. */
export interface ConnectionEnd extends Endpoint {
  /** Whether the kernel alone keeps it, for a minute after both sides closed: another connection may have the same ports by now. */
  readonly isOver: boolean;
  /** Whether the kernel shook hands for a program that has not taken it in yet. */
  readonly isWaiting: boolean;
}

/** Each socket that has a port at either end, read from /proc/net. */
export const readSockets = async (port: number, protocol: 'tcp' | 'udp'): Promise<HostSocket[]> => {
  const [four, six] = await Promise.all([readTable(protocol), readTable(`${protocol}6`)]);
  return [...parseSockets(four, 4, port), ...parseSockets(six, 6, port)];
};

/** Each TCP port that anything here listens on, at whichever address. */
export const listListeningPorts = async (): Promise<number[]> => {
  const tables = await Promise.all([readTable('tcp'), readTable('tcp6')]);
  const ports = [...tables.join('\n').matchAll(/^ *\d+: [\dA-F]+:([\dA-F]{4}) [\dA-F]+:[\dA-F]{4} 0A /gm)];
  return [...new Set(ports.map(([, port = '']) => Number.parseInt(port, 16)))];
};

/** The TCP ports on which programs of this user listen where this host's 127.0.0.1 or ::1 finds them, in order. */
export const listOwnPorts = async (): Promise<number[]> => {
  const user = process.getuid?.();
  const [four, six] = await Promise.all([readTable('tcp'), readTable('tcp6')]);
  return [...new Set([...parseOwnPorts(four, 4, user), ...parseOwnPorts(six, 6, user)])].toSorted((a, b) => a - b);
};

/** The same of one table of /proc/net. */
export const parseOwnPorts = (table: string, family: 4 | 6, user: number | undefined): number[] =>
  table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , owner]) => state === listening && owner === String(user))
    .map(([, local]) => readEndpoint(local, family))
    .filter(({ address }) => ['127.0.0.1', '0.0.0.0', '::1', '::'].includes(plainAddress(address)))
    .map(({ port }) => port);

/**
 * The ends on this host of all connections from one IPv4 address and port, also those that are closing, or closed already. One whose
 * handshake is not through is none: where a proxy gets the packets of another's handshake, it stays so.
 */
export const readConnectionsFrom = async (from: Endpoint): Promise<ConnectionEnd[]> =>
  endsOf(await readSockets(from.port, 'tcp'), from);

export const endsOf = (sockets: readonly HostSocket[], { address, port }: Endpoint): ConnectionEnd[] =>
  sockets
    .filter(
      ({ remote, state }) =>
        state !== listening &&
        state !== inHandshake &&
        remote.port === port &&
        plainAddress(remote.address) === address,
    )
    .map(({ local, state, isOwned }) => ({
      address: plainAddress(local.address),
      port: local.port,
      isOver: state === timeWait,
      isWaiting: state === established && !isOwned,
    }));

/** The sockets of one table of /proc/net that have a port at either end. A busy host has many thousands of others. */
export const parseSockets = (table: string, family: 4 | 6, port: number): HostSocket[] => {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  return table
    .split('\n')
    .slice(1)
    .filter((line) => line.includes(wanted))
    .map((line) => line.trim().split(/\s+/))
    .map((fields) => ({
      family,
      local: readEndpoint(fields[1], family),
      remote: readEndpoint(fields[2], family),
      state: fields[3] ?? '',
      isOwned: fields[9] !== '0',
    }));
};

/** A socket for both families tells an IPv4 address as a mapped one. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/, '');

const readTable = async (name: string): Promise<string> => readFile(`/proc/net/${name}`, 'utf8').catch(() => '');

const readEndpoint = (text = '', family: 4 | 6): Endpoint => {
  const [address = '', hexPort = ''] = text.split(':');
  return { address: family === 4 ? readV4(address) : readV6(address), port: parseInt(hexPort, 16) };
};

const readV4 = (hex: string): string => bytesOfWords(hex).join('.');

const readV6 = (hex: string): string => {
  const bytes = bytesOfWords(hex);
  if (bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255)
    return `::ffff:${bytes.slice(12).join('.')}`;
  const words = Array.from({ length: 8 }, (_, n) =>
    ((bytes[2 * n] ?? 0) * 256 + (bytes[2 * n + 1] ?? 0)).toString(16),
  ).join(':');
  return words.replace(/(^|:)0(:0)+(:|$)/, '::');
};
