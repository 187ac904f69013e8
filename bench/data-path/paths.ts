import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openLocalhostForward, type Strategy } from '../../src/index.ts';
import type { ExposeAnswer } from '../programs/testcontainers.ts';
import { startCaller } from '../support/caller.ts';
import { createBare, tableOf } from '../support/engine.ts';
import { pidOf, type Ends, type Way } from '../support/ends.ts';
import { startProgram } from '../support/program.ts';
import { importForwarderImage } from './testcontainers.ts';

/** Where the service listens on 127.0.0.1. */
export interface Service {
  readonly ends: Ends;
  readonly port: number;
}

/** One path from a container to the service, opened. */
type Opener = (service: Service, stack: AsyncDisposableStack) => Promise<Way>;

const keepCaller = async (network: string, stack: AsyncDisposableStack): Promise<number> => {
  const caller = await startCaller(network);
  stack.defer(() => caller.remove());
  return pidOf(caller);
};

/** A network of the engine's, with a caller in it. */
const openBare = async (stack: AsyncDisposableStack): Promise<{ bridge: string; gateway: string; pid: number }> => {
  const network = await createBare();
  stack.defer(() => network.remove());
  return { bridge: network.name, gateway: network.gateway, pid: await keepCaller(network.name, stack) };
};

/** The recipe that guides give: one rule and `route_localnet`, with no guard, no counter and no proof. What is slower here is the kernel's own. */
const recipe: Opener = async ({ port }, stack) => {
  const { bridge, gateway, pid } = await openBare(stack);
  const table = `ip ${tableOf(bridge)}`;
  const chain = 'type nat hook prerouting priority -101;';
  const rule = `iifname "${bridge}" ip daddr ${gateway} tcp dport ${port} dnat to 127.0.0.1:${port}`;
  await nft([`add table ${table}`, `add chain ${table} translate { ${chain} }`, `add rule ${table} translate ${rule}`]);
  stack.defer(() => nft([`delete table ${table}`]));
  await writeFile(`/proc/sys/net/ipv4/conf/${bridge}/route_localnet`, '1');
  return { pid, address: gateway, port };
};

const nft = async (commands: readonly string[]): Promise<void> => {
  const child = spawn('nft', ['-f', '-'], { stdio: ['pipe', 'inherit', 'inherit'] });
  const ended = once(child, 'exit');
  child.stdin.end(`${commands.join('\n')}\n`);
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`nft ended with ${code}: ${commands.join('; ')}`);
};

const ours =
  (strategy: Strategy): Opener =>
  async ({ port }, stack) => {
    const net = stack.use(await openLocalhostForward(port, { strategy, verify: false }));
    return { pid: await keepCaller(net.networkName, stack), address: net.gateway, port };
  };

const socatProgram = ['/usr/bin/socat', resolve('.tools/socat/usr/bin/socat')].find((path) => existsSync(path));

const socat =
  (...options: readonly string[]): Opener =>
  async ({ port }, stack) => {
    if (socatProgram === undefined) throw new Error('no socat here. Try: script/bootstrap bench');
    const { gateway, pid } = await openBare(stack);
    const words = [
      ...options,
      `TCP-LISTEN:${port},bind=${gateway},fork,reuseaddr,nodelay,backlog=1024`,
      `TCP:127.0.0.1:${port},nodelay`,
    ];
    const libraries = resolve('.tools/socat/usr/lib/x86_64-linux-gnu');
    // It dies with this process, whatever ends that.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', socatProgram, ...words], {
      stdio: 'inherit',
      env: { ...process.env, LD_LIBRARY_PATH: libraries },
    });
    const ended = once(child, 'exit');
    stack.defer(async () => {
      child.kill();
      await ended;
    });
    await answering(gateway, port);
    return { pid, address: gateway, port };
  };

const answering = async (host: string, port: number): Promise<void> => {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const socket = connect({ host, port });
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await delay(10);
  }
  throw new Error(`Nothing answers at ${host}:${port}`);
};

const testcontainers =
  (...options: readonly string[]): Opener =>
  async ({ port }, stack) => {
    const program = stack.use(startProgram('testcontainers.ts', [await importForwarderImage(), ...options]));
    const { address } = await program.ask<ExposeAnswer>(`expose ${port}`);
    // Its forwarder is on the engine's default network.
    return { pid: await keepCaller('bridge', stack), address, port };
  };

/** All of them: the service on the gateway itself, which nothing can beat, ours, and what users have today. */
export const paths = {
  gateway: async ({ ends, port }, stack) => {
    const { gateway, pid } = await openBare(stack);
    await ends.serve(gateway, port);
    return { pid, address: gateway, port };
  },
  recipe,
  nftables: ours('nftables'),
  iptables: ours('iptables'),
  relay: ours('relay'),
  sidecar: ours('sidecar'),
  pipe: async ({ port }, stack) => {
    const { gateway, pid } = await openBare(stack);
    const relay = stack.use(startProgram('pipe-relay.ts', [gateway, String(port)]));
    return { pid, address: gateway, port: await relay.ask<number>('') };
  },
  socat: socat(),
  'socat, 256 kB': socat('-b262144'),
  testcontainers: testcontainers(),
  'testcontainers, no delay': testcontainers('no-delay'),
} as const satisfies Record<string, Opener>;

export type PathName = keyof typeof paths;
