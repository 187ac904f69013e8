import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../support/children.ts';
import { startPrivateEngine, type PrivateEngine } from '../support/private-engine.ts';
import { drive, shell } from './drive.ts';

// A rule of TPROXY gives a connection to a proxy's socket, which then bears the service's own address and port: the host's table of sockets
// shows it as the service's.
let engine: PrivateEngine;
const proxies = new Map<string, string>();
const running: { kill(): unknown }[] = [];
beforeAll(async () => {
  engine = await startPrivateEngine();
  for (const how of ['hold', 'end']) proxies.set(how, await startProxy(how));
});
afterEach(async () => {
  await engine.exec(['sh', '-c', 'nft delete table ip t; sysctl -qw net.bridge.bridge-nf-call-iptables=1']);
});
afterAll(async () => {
  for (const proxy of running) proxy.kill();
  await engine.stop();
});

const startProxy = async (how: string): Promise<string> => {
  const proxy = engine.spawn(['perl', `${projectRoot}test/firewall/programs/transparent.pl`, how], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(proxy);
  return new Promise((resolve) =>
    proxy.stdout?.once('data', (said: Buffer) => resolve(/\d+/.exec(String(said))?.[0] ?? '')),
  );
};

/** After all that translates a destination. Where bridges call iptables, the kernel forgets which socket a packet was given to. */
const give = (match: string, how: string, priority = -90): Promise<void> =>
  shell(
    engine,
    `sysctl -qw net.bridge.bridge-nf-call-iptables=0; nft 'add table ip t; add chain ip t c { type filter hook prerouting priority ${priority}; }; add rule ip t c ${match} meta l4proto tcp tproxy to :${proxies.get(how)}'`,
  );

const fromContainers = 'iifname "lhf-*"';
const taken = { reachable: false, finding: 'taken-by-other-rule' };

describe.each(['nftables', 'iptables'] as const)('%s', (strategy) => {
  it.each(['hold', 'end'])('proves nothing by a proxy that has the service’s address (%s)', async (how) => {
    await using net = drive(engine, { strategy, verify: false, service: { host: '127.0.0.1' } });
    await net.open();
    await give(fromContainers, how);
    expect(await net.verify()).toMatchObject({ code: 'LHF_ERR_UNREACHABLE', diagnosis: taken });
    const diagnosis = await net.diagnose();
    expect(diagnosis).toMatchObject(taken);
    expect(diagnosis.sentence).toMatch(/: ip t c: iifname "lhf-\*" meta l4proto tcp tproxy to :\d+(?:;|$)/);
    await shell(engine, diagnosis.advice.replace(/^sudo /, ''));
    // The service of this test ends each connection at once, as a proxy may.
    expect(await net.verify()).toHaveProperty('ok');
    expect(await net.diagnose()).toMatchObject({ reachable: true });
    await net.close();
  });
});

it.each(['relay', 'sidecar'])('%s proves nothing by a proxy that has what is carried on', async (strategy) => {
  await using net = drive(engine, { strategy, verify: false, service: { host: '127.0.0.1' } });
  await net.open();
  await give('iifname lo ip saddr 127.0.0.1 ip daddr 127.0.0.1', 'hold');
  const diagnosis = await net.diagnose();
  expect(diagnosis).toMatchObject(taken);
  expect(diagnosis.sentence).toMatch(
    /^Another rule took what is carried on from tcp port 80 .*; a transparent proxy has it/,
  );
  await shell(engine, 'nft delete table ip t');
  expect(await net.diagnose()).toMatchObject({ reachable: true });
  await net.close();
});

it('tells a proxy before a relay from the relay', async () => {
  await using net = drive(engine, { strategy: 'relay', verify: false, service: { host: '127.0.0.1' } });
  await net.open();
  await give(fromContainers, 'hold');
  const diagnosis = await net.diagnose();
  expect(diagnosis).toMatchObject(taken);
  expect(diagnosis.sentence).toMatch(/^Another rule took tcp port 80 of lhf-\w+; a transparent proxy has it/);
  await net.close();
});
