import type { IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { findStarting, listAttached } from '../engine/containers.ts';
import type { Engine } from '../engine/engine.ts';
import { LocalhostForwardError } from '../errors.ts';
import { readSafely } from '../options/expect.ts';
import type { Caller, Strategy } from '../types.ts';

/** The containers of one network, by address. */
export class Callers {
  readonly #engine: Engine;
  readonly #networkId: string;
  #following: Promise<readonly Caller[]> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(engine: Engine, networkId: string) {
    this.#engine = engine;
    this.#networkId = networkId;
  }

  async at(address: string): Promise<Caller | undefined> {
    const callers = await this.#list();
    return callers.find((caller) => caller.address === address) ?? this.#starting(address);
  }

  async #starting(address: string): Promise<Caller | undefined> {
    const found = await findStarting(this.#engine.docker, this.#networkId, address);
    return found && Object.freeze({ ...found, address });
  }

  // Who asks while the engine is asked shares the question that comes next: the one under way may have been answered before the caller was
  // there, and a thousand requests at once are not a thousand questions.
  #list(): Promise<readonly Caller[]> {
    this.#following ??= this.#last.then(() => {
      this.#following = undefined;
      const listing = this.#ask();
      this.#last = listing.catch(() => undefined);
      return listing;
    });
    return this.#following;
  }

  async #ask(): Promise<readonly Caller[]> {
    const attached = await listAttached(this.#engine.docker, this.#networkId);
    return attached.flatMap(({ id, name, labels, addresses }) =>
      addresses.map((address) => Object.freeze({ id, name, address, labels })),
    );
  }
}

/** The other end of a connection; a port is known where it was told. */
export interface Peer {
  readonly address: string;
  readonly port: number | undefined;
}

/**
 * The other end of a connection, from a socket, a request or an address as they print: `198.18.0.2`, `198.18.0.2:40000`.
 *
 * @throws LHF_ERR_INVALID_OPTION for anything else.
 */
export const readPeer = (from: Socket | IncomingMessage | string): Peer => {
  if (typeof from === 'string') {
    const [, written = from, port] = (isIP(from) === 0 && /^\[?(.*?)\]?(?::(\d{1,5}))?$/.exec(from)) || [];
    const address = plain(written);
    if (isIP(address) !== 0) return { address, port: port === undefined ? undefined : Number(port) };
  } else if (typeof from === 'object' && from !== null) {
    const { remoteAddress, remotePort } = readSafely('from', () => {
      const socket = 'socket' in from ? from.socket : from;
      const { remoteAddress: address, remotePort: port } = socket ?? {};
      return { remoteAddress: address, remotePort: typeof port === 'number' ? port : undefined };
    });
    if (typeof remoteAddress === 'string' && isIP(plain(remoteAddress)) !== 0)
      return { address: plain(remoteAddress), port: remotePort };
  }
  throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
    what: `Expected \`from\` to be a connected socket, a request or an address, got \`${describe(from)}\``,
    try: "server.on('request', async (request) => await net.callerOf(request))",
  });
};

// A server on :: sees callers by IPv4 in IPv6's writing.
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');

const describe = (value: unknown): string =>
  typeof value === 'object' && value !== null ? 'an object without a remote address' : String(value).slice(0, 120);

export const callersHidden = (strategy: Strategy): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_UNSUPPORTED', {
    what: `The strategy ${strategy} does not show here who called: nftables, iptables, relay and sidecar do`,
    try: "strategy: 'nftables'",
  });

export const portUntold = (strategy: Strategy, address: string): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_UNSUPPORTED', {
    what: `By the strategy ${strategy} every caller has the address ${address} at the service, and only the port tells them apart`,
    try: "server.on('request', async (request) => await net.callerOf(request))",
  });
