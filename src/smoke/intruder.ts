import { existsSync } from 'node:fs';
import { createAttached } from '../engine/containers.ts';
import type { Engine } from '../engine/engine.ts';
import { ensureEmptyImage } from '../engine/images.ts';
import { labels, namesOf } from '../ownership/names.ts';
import { readMounts, readNodeMounts } from '../proof/node-mounts.ts';

/** What an intruder is told. */
export interface IntruderOrder {
  readonly attempts: readonly Attempt[];
  /** Takes 127/8 off the container's own loopback and sends it to this gateway, before the attempts that ask for it. */
  readonly gateway: string;
}

export interface Attempt {
  readonly key: string;
  readonly address: string;
  readonly port: number;
  /** How long it waits for an answer, in milliseconds; or ten times as long as the slowest answer so far took, if that is longer. */
  readonly timeoutMs: number;
  /** Dials 127.0.0.1 by a route of its own. */
  readonly rerouted?: boolean;
}

/** How an attempt ended: `open`, `silence`, or the error's code; `untried` where the route could not be made. */
export type Outcome = string;

export interface Intruder {
  /** Whose marks it carries. */
  readonly id: string;
  readonly session: string;
  /** Tells containers of one forward apart. */
  readonly nth: string;
  readonly network: string;
  /** A container that tries hard: root with the rights to change its own network. */
  readonly mayReroute: boolean;
}

/** Runs a container that tries what must not work, and resolves to how each attempt ended. It is gone by then. */
export const sendIntruder = async (
  { docker }: Engine,
  intruder: Intruder,
  order: IntruderOrder,
): Promise<ReadonlyMap<string, Outcome>> => {
  const names = namesOf(intruder.id);
  const ip = intruder.mayReroute ? findIp() : undefined;
  const [image, node, tool] = await Promise.all([
    ensureEmptyImage(docker),
    readNodeMounts(),
    ip === undefined ? [] : readMounts(ip),
  ]);
  const container = await createAttached(docker, {
    name: names.probe(intruder.nth),
    Image: image,
    Entrypoint: [process.execPath, '-e', intruderProgram],
    Cmd: [JSON.stringify({ ...order, ip })],
    User: intruder.mayReroute ? '0:0' : '65534:65534',
    WorkingDir: '/',
    Env: ['NODE_OPTIONS='],
    Labels: {
      [labels.session]: intruder.session,
      [labels.owner]: String(process.pid),
      [labels.created]: new Date().toISOString(),
      [labels.bridge]: names.bridge,
    },
    StopTimeout: 0,
    HostConfig: {
      AutoRemove: true,
      NetworkMode: intruder.network,
      Binds: [...new Set([...node, ...tool])],
      CapDrop: ['ALL'],
      ...(ip === undefined
        ? {}
        : { CapAdd: ['NET_ADMIN', 'NET_RAW'], Sysctls: { 'net.ipv4.conf.all.route_localnet': '1' } }),
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      LogConfig: { Type: 'none', Config: {} },
    },
  });
  try {
    await container.start();
    const outcomes = new Map<string, Outcome>();
    for await (const line of container.lines) {
      const { key, outcome } = JSON.parse(line) as { key: string; outcome: string };
      outcomes.set(key, outcome);
    }
    const silent = order.attempts.find(({ key }) => !outcomes.has(key));
    if (silent !== undefined)
      throw new Error(
        `the container did not say how '${silent.key}' ended: ${container.stderr().trim() || 'no word from it'}`,
      );
    return outcomes;
  } finally {
    await container.remove();
  }
};

const findIp = (): string | undefined =>
  ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip', '/bin/ip'].find((path) => existsSync(path));

const intruderProgram = String.raw`
const net = require('node:net'), { execFileSync } = require('node:child_process');
const order = JSON.parse(process.argv[1]);
let slowest = 0;
const dial = ({ address, port, timeoutMs }) => new Promise((resolve) => {
  const startedAt = performance.now();
  const socket = net.connect({ host: address, port });
  const end = (outcome) => {
    clearTimeout(timer);
    socket.destroy();
    if (outcome !== 'silence') slowest = Math.max(slowest, performance.now() - startedAt);
    resolve(outcome);
  };
  const timer = setTimeout(() => end('silence'), Math.max(timeoutMs, 10 * slowest));
  socket.on('connect', () => end('open')).on('error', (error) => end(error.code));
});
const reroute = () => {
  const ip = (...args) => execFileSync(order.ip, args, { stdio: 'pipe' });
  ip('addr', 'del', '127.0.0.1/8', 'dev', 'lo');
  try { ip('route', 'del', 'local', '127.0.0.0/8', 'table', 'local'); } catch {}
  ip('route', 'add', '127.0.0.1/32', 'via', order.gateway);
};
(async () => {
  const say = (key, outcome) => process.stdout.write(JSON.stringify({ key, outcome }) + '\n');
  const run = async (attempts) => { for (const attempt of attempts) say(attempt.key, await dial(attempt)); };
  await run(order.attempts.filter(({ rerouted }) => !rerouted));
  const hard = order.attempts.filter(({ rerouted }) => rerouted);
  if (hard.length === 0) return;
  let able = order.ip !== undefined;
  try { if (able) reroute(); } catch { able = false; }
  if (able) await run(hard); else for (const { key } of hard) say(key, 'untried');
})();
`;
