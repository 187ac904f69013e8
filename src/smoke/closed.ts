import { createServer, type AddressInfo } from 'node:net';
import { createAttached } from '../engine/containers.ts';
import type { Engine } from '../engine/engine.ts';
import { ensureEmptyImage } from '../engine/images.ts';
import { currentSession } from '../lifecycle/session.ts';
import { labels } from '../plan/names.ts';
import { readNodeMounts } from '../probe/node-mounts.ts';
import type { LocalhostForward } from '../types.ts';

interface Target {
  readonly host: string;
  readonly port: number;
}

/** How long a dial that must not get through is given, in milliseconds. */
const patienceMs = 500;

/**
 * Tries what must stay closed, from real containers: a port of 127.0.0.1 that is not forwarded, by each address that this host has
 * for the forward's network; and the forward's own port, from another network.
 *
 * @throws Error naming what was open.
 */
export const proveClosed = async (net: LocalhostForward, engine: Engine): Promise<string> => {
  const secret = createServer((socket) => socket.on('error', () => socket.destroy()).end());
  await new Promise<void>((resolve) => secret.listen({ host: '127.0.0.1', port: 0 }, resolve));
  try {
    const { port } = secret.address() as AddressInfo;
    const [first] = net.ports;
    const inside = [net.hostname, net.gateway].map((host) => ({ host, port }));
    const outside =
      first === undefined || first.protocol === 'udp' ? [] : [{ host: net.gateway, port: first.containerPort }];
    const other = (await hasDefaultNetwork(engine)) ? outside : [];
    const open = (
      await Promise.all([dial(engine, net, net.networkName, inside), dial(engine, net, 'bridge', other)])
    ).flat();
    if (open.length > 0)
      throw new Error(`open, and must not be: ${open.map(({ host, port: one }) => `${host}:${one}`).join(', ')}`);
    return `127.0.0.1:${port} from its network${other.length === 0 ? '' : `, ${net.gateway}:${first?.containerPort} from another network`}`;
  } finally {
    secret.close();
  }
};

/** Targets that answered a container on the network. */
const dial = async (
  engine: Engine,
  net: LocalhostForward,
  networkName: string,
  targets: readonly Target[],
): Promise<Target[]> => {
  if (targets.length === 0) return [];
  const { docker } = engine;
  const [image, mounts] = await Promise.all([ensureEmptyImage(docker), readNodeMounts()]);
  const container = await createAttached(docker, {
    name: `lhf-probe-${net.id}-${networkName === 'bridge' ? 'outside' : 'inside'}`,
    Image: image,
    Entrypoint: [process.execPath, '-e', program],
    Cmd: [JSON.stringify({ targets, patienceMs })],
    Env: ['NODE_OPTIONS='],
    Labels: {
      [labels.session]: currentSession().word,
      [labels.created]: new Date().toISOString(),
      [labels.bridge]: net.bridgeName,
    },
    HostConfig: {
      AutoRemove: true,
      NetworkMode: networkName,
      ExtraHosts: [...net.extraHosts],
      Binds: [...mounts],
      CapDrop: ['ALL'],
      LogConfig: { Type: 'none', Config: {} },
    },
  });
  try {
    await container.start();
    for await (const line of container.lines) return JSON.parse(line) as Target[];
    throw new Error(`the container that dials ended without a word: ${container.stderr().trim()}`);
  } finally {
    await container.remove();
  }
};

// Engines may be configured without one.
const hasDefaultNetwork = ({ docker }: Engine): Promise<boolean> =>
  docker
    .getNetwork('bridge')
    .inspect()
    .then(
      () => true,
      () => false,
    );

const program = String.raw`
const net = require('node:net');
const { targets, patienceMs } = JSON.parse(process.argv[1]);
const isOpen = ({ host, port }) => new Promise((resolve) => {
  const socket = net.connect({ host, port });
  const end = (open) => { clearTimeout(timer); socket.destroy(); resolve(open); };
  const timer = setTimeout(() => end(false), patienceMs);
  socket.on('connect', () => end(true)).on('error', () => end(false));
});
Promise.all(targets.map(isOpen)).then((open) => console.log(JSON.stringify(targets.filter((_, n) => open[n]))));
`;
