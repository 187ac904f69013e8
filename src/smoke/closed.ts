import { createServer, type AddressInfo } from 'node:net';
import type { Engine } from '../engine/engine.ts';
import { statusOf } from '../engine/engine.ts';
import { readListeners } from '../host/listeners.ts';
import type { LocalhostForward } from '../types.ts';
import { sendIntruder, type Attempt } from './intruder.ts';

type Net = Pick<LocalhostForward, 'id' | 'networkName' | 'gateway' | 'ports' | 'strategy' | 'hits'>;

/** Long enough for an answer even on a loaded machine; what is dropped costs all of it. In milliseconds. */
const patienceMs = 300;

/** The control must answer, so it may take its time. */
const controlMs = 5_000;

/**
 * A port of 127.0.0.1 that is not forwarded, tried from a container on the forward's own network: by the gateway's address, and with a
 * route of its own to 127.0.0.1. That the container gets through to a forwarded port says that it did try.
 *
 * @returns What was tried, in one line.
 * @throws Error naming what was open.
 */
export const checkOtherPorts = async (engine: Engine, net: Net, session: string): Promise<string> => {
  const secret = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    secret.once('error', reject).listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  try {
    const { port } = secret.address() as AddressInfo;
    const open = net.ports.find(({ protocol }) => protocol === 'tcp');
    const attempts: Attempt[] = [
      ...(open === undefined
        ? []
        : [{ key: 'control', address: net.gateway, port: open.containerPort, timeoutMs: controlMs }]),
      { key: 'gateway', address: net.gateway, port, timeoutMs: patienceMs },
      { key: 'route', address: '127.0.0.1', port, timeoutMs: patienceMs, rerouted: true },
    ];
    const intruder = { id: net.id, session, nth: '1', network: net.networkName, mayReroute: true };
    const outcomes = await sendIntruder(engine, intruder, { attempts, gateway: net.gateway });
    if (open !== undefined && outcomes.get('control') !== 'open')
      throw new Error(`the container that tries it did not even reach the forwarded port: ${outcomes.get('control')}`);
    if (outcomes.get('gateway') === 'open')
      throw new Error(`127.0.0.1:${port}, which is not forwarded, is open at ${net.gateway}:${port}`);
    if (outcomes.get('route') === 'open')
      throw new Error(`127.0.0.1:${port}, which is not forwarded, is open to a container with a route of its own`);
    const hard = outcomes.get('route') === 'untried' ? '' : `; with a route of its own: ${tell(outcomes.get('route'))}`;
    return `127.0.0.1:${port} by ${net.gateway}: ${tell(outcomes.get('gateway'))}${hard}`;
  } finally {
    await new Promise<void>((resolve) => secret.close(() => resolve()));
  }
};

/** Whether what carries a port has to accept whoever dials before it can turn him away. */
export const acceptsFirst = ({ strategy }: Pick<Net, 'strategy'>): boolean =>
  strategy !== 'nftables' && strategy !== 'iptables';

/**
 * The forward, tried from the engine's default network. Where what carries it accepts first, nobody else may dial it meanwhile. Same result
 * as {@link checkOtherPorts}.
 */
export const checkOtherNetworks = async (engine: Engine, net: Net, session: string): Promise<string> => {
  const port = net.ports.find(({ protocol }) => protocol === 'tcp');
  if (port === undefined) return 'not tried: no TCP port';
  const publicly = await listensPublicly(port.containerPort, net.gateway);
  if (publicly !== undefined)
    return `not tried: something listens on ${publicly} port ${port.containerPort} for everybody`;
  const patience = acceptsFirst(net) ? { resetWithinMs: controlMs } : {};
  const attempts = [
    { key: 'forward', address: net.gateway, port: port.containerPort, timeoutMs: patienceMs, ...patience },
  ];
  const carried = async (): Promise<number> => (acceptsFirst(net) ? (await net.hits(port.containerPort)).attempts : 0);
  const intruder = { id: net.id, session, nth: '2', network: 'bridge', mayReroute: false };
  try {
    const before = await carried();
    const outcomes = await sendIntruder(engine, intruder, { attempts, gateway: net.gateway });
    // A service may end or reset a connection as well: that it was not carried says that nobody was let in.
    const isOpen = outcomes.get('forward') === 'open' || (await carried()) > before;
    if (isOpen) throw new Error(`the forward is open to the default network: ${net.gateway}:${port.containerPort}`);
    return `${net.gateway}:${port.containerPort} from the default network: ${tell(outcomes.get('forward'))}`;
  } catch (error) {
    // An engine started with bridge=none has no network but those that users make.
    if (statusOf(error) === 404) return 'not tried: this engine has no default network';
    throw error;
  }
};

// What listens on other addresses than loopback's is open to every network without any forward.
const listensPublicly = async (port: number, own: string): Promise<string | undefined> =>
  (await readListeners(port, 'tcp'))
    .map(({ address }) => address)
    .find(
      (address) =>
        address !== own && !address.startsWith('127.') && address !== '::1' && !address.startsWith('::ffff:127.'),
    );

const tell = (outcome: string | undefined): string =>
  ({
    silence: 'no answer',
    ECONNREFUSED: 'refused',
    ECONNRESET: 'reset',
    END: 'ended',
    EHOSTUNREACH: 'unreachable',
    ENETUNREACH: 'unreachable',
  })[outcome ?? ''] ??
  outcome ??
  'no answer';
