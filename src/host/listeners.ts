import { connect } from 'node:net';
import { run } from '../command/run.ts';
import { readSockets } from './sockets.ts';

export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  readonly family: 4 | 6;
  /** As printed, for example `127.0.0.1`, `0.0.0.0`, `::1`. */
  readonly address: string;
  readonly port: number;
  /** Whether it takes nothing of IPv4 though it is on all addresses, which /proc does not tell: see {@link tellApart}. */
  readonly isIpv6Only?: boolean;
  /** The interface that it is bound to, which /proc does not tell either: nothing that comes by another one finds it. */
  readonly device?: string;
  /** Whether as many callers wait for it as it lets, so that the kernel takes no more in; undefined where that is not told. */
  readonly isFull?: boolean;
}

/** Each address on which one port of this host (and this network namespace) is listened to, read from /proc/net. */
export const readListeners = async (port: number, protocol: 'tcp' | 'udp'): Promise<Listener[]> => {
  if (process.platform !== 'linux') return protocol === 'tcp' ? dialLoopback(port) : [];
  const listening = protocol === 'tcp' ? '0A' : '07';
  const sockets = await readSockets(port, protocol);
  const listeners = sockets
    .filter(({ state, local }) => state === listening && local.port === port)
    .map(({ family, local }) => ({ protocol, family, ...local }));
  // The kernel may list a socket twice when others come and go while it is read.
  return listeners.filter(({ address }, index, all) => all.findIndex((other) => other.address === address) === index);
};

/** What /proc does not tell of them, asked of `ss`; as they are where that is not here. */
export const tellApart = async (
  listeners: readonly Listener[],
  { port, protocol }: Pick<Listener, 'port' | 'protocol'>,
): Promise<Listener[]> => {
  if (listeners.length === 0 || process.platform !== 'linux') return [...listeners];
  const { stdout } = await run(['ss', '-H', '-l', '-n', protocol === 'tcp' ? '-t' : '-u', `sport = :${port}`]);
  return applyDetails(listeners, stdout);
};

/**
 * The same from what `ss -H -l -n` prints: `*` is all addresses of both families, `[::]` of IPv6 alone, and `%` comes before an interface.
 * Of a TCP listener the two numbers are how many wait for it, and how many may.
 */
export const applyDetails = (listeners: readonly Listener[], listing: string): Listener[] => {
  const told = listing.split('\n').flatMap((line) => {
    const [state, waiting, most, local = ''] = line.trim().split(/\s+/);
    const [, address, device] = /^(\S+?)(?:%([^:\]]+))?:\d+$/.exec(local) ?? [];
    const isFull = state === 'LISTEN' ? Number(waiting) > Number(most) : undefined;
    return address === undefined ? [] : [{ address: address.replaceAll(/[[\]]/g, ''), device, isFull }];
  });
  return listeners.map((listener) => {
    const same = told.filter(
      ({ address }) => address === listener.address || (address === '*' && listener.address === '::'),
    );
    const [first] = same;
    const isIpv6Only =
      listener.address === '::' && first !== undefined && same.every(({ address }) => address === '::');
    const isBound = first?.device !== undefined && same.every(({ device }) => device !== undefined);
    const isFull = first?.isFull === undefined ? undefined : same.every((one) => one.isFull === true);
    return {
      ...listener,
      ...(isIpv6Only && { isIpv6Only }),
      ...(isBound && { device: first.device }),
      ...(isFull !== undefined && { isFull }),
    };
  });
};

// Other systems list no sockets in /proc: who accepts a connection listens.
const dialLoopback = async (port: number): Promise<Listener[]> => {
  const addresses = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ] as const;
  const accepted = await Promise.all(addresses.map(({ address }) => accepts(address, port)));
  return addresses.filter((_, n) => accepted[n]).map((one) => ({ protocol: 'tcp', port, ...one }));
};

/** Whether somebody takes a connection of this host's own in, which is ended at once: a rule may lead it where nobody listens. */
export const accepts = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 });
    socket.once('timeout', () => socket.destroy()).once('close', () => resolve(false));
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** Whether a packet to 127.0.0.1 would find this listener; `::` takes IPv4 too, unless it is known that it does not. */
export const takesLoopback4 = (listener: Listener): boolean =>
  listener.isIpv6Only !== true &&
  ['127.0.0.1', '0.0.0.0', '::', '::ffff:127.0.0.1', '::ffff:0.0.0.0'].includes(listener.address);

/** Whether a packet to ::1 would find this listener. */
export const takesLoopback6 = (listener: Listener): boolean => ['::1', '::'].includes(listener.address);
