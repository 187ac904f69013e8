import { run } from '../command/run.ts';
import { plainAddress, type Endpoint } from './sockets.ts';

/** One socket that `ss` lists. */
export interface ToldSocket {
  readonly isListener: boolean;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Whether it takes what is for other addresses than its own; undefined where this `ss` or kernel does not say. */
  readonly isTransparent: boolean | undefined;
}

/**
 * Whether it was the service's own socket that accepted: a rule (TPROXY) can give a connection to a transparent socket, and that accepts by
 * the very address and port of the service. `unknown`: there is such a socket here, and what has ended does not tell whose it was.
 */
export type Acceptor = 'own' | 'transparent' | 'unknown';

/** The transparent listeners of this host, as `ss` tells them; where that is not here, or too old for it, nothing is known of any. */
export const listProxies = async (): Promise<ToldSocket[]> => (await listTold(['-l'])).filter(isProxy);

/**
 * Who has accepted a connection at one end from the other.
 *
 * @param proxies - As they were before it was dialled: where there were none, nobody is asked any more.
 */
export const readAcceptor = async (at: Endpoint, from: Endpoint, proxies: readonly ToldSocket[]): Promise<Acceptor> => {
  if (proxies.length === 0) return 'own';
  const filter = `dport = :0 or ( sport = :${at.port} and dport = :${from.port} )`;
  return judgeAcceptor(await listTold(['-a', filter]), at, from);
};

const listTold = async (which: readonly string[]): Promise<ToldSocket[]> => {
  if (process.platform !== 'linux') return [];
  const { stdout } = await run(['ss', '-H', '-t', '-n', '-O', '--inet-sockopt', ...which]);
  return parseTold(stdout);
};

const isProxy = ({ isListener, isTransparent }: ToldSocket): boolean => isListener && isTransparent === true;

/** The sockets in what `ss -H -t -n -O --inet-sockopt -a` prints. */
export const parseTold = (listing: string): ToldSocket[] =>
  listing.split('\n').flatMap((line) => {
    const [, state, local, remote, rest = ''] = /^(\S+) +\d+ +\d+ +(\S+) +(\S+)(.*)$/.exec(line) ?? [];
    if (state === undefined || local === undefined || remote === undefined) return [];
    const told = /inet-sockopt: \(([^)]*)\)/.exec(rest)?.[1];
    return [
      {
        isListener: state === 'LISTEN',
        local: readEnd(local),
        remote: readEnd(remote),
        isTransparent: told === undefined ? undefined : told.split(' ').includes('transparent'),
      },
    ];
  });

/** A service that is transparent itself, as a proxy may be, is not told from another. Pure. */
export const judgeAcceptor = (sockets: readonly ToldSocket[], at: Endpoint, from: Endpoint): Acceptor => {
  const proxies = sockets.filter(isProxy);
  if (proxies.length === 0 || proxies.some(({ local }) => local.port === at.port)) return 'own';
  const accepted = sockets.find(
    ({ isListener, local, remote }) => !isListener && isSame(local, at) && isSame(remote, from),
  );
  if (accepted?.isTransparent === undefined) return 'unknown';
  return accepted.isTransparent ? 'transparent' : 'own';
};

const isSame = (one: Endpoint, other: Endpoint): boolean => one.address === other.address && one.port === other.port;

/** Such as `127.0.0.1:80`, `[::ffff:127.0.0.1]:80`, `127.0.0.1%lo:80`, `*:80`. */
const readEnd = (text: string): Endpoint => {
  const [, address = '', port = ''] = /^\[?([^\]%]*)(?:%[^\]:]+)?\]?(?:%.+)?:(\d+|\*)$/.exec(text) ?? [];
  return { address: plainAddress(address), port: Number(port.replace('*', '0')) };
};
