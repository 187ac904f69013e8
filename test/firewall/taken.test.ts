import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot, spawnScript, type Script } from '../support/children.ts';
import { startNode } from '../support/containers.ts';
import { startPrivateEngine, type PrivateEngine } from '../support/private-engine.ts';
import { until } from '../support/until.ts';
import { drive, driveForAll, expectSame, openAsAdvised, shell, snapshotIn } from './drive.ts';

// Rules of others that are first: a connection that somebody accepts proves nothing, and a service that is reached proves nothing of us.
const acceptor = `${projectRoot}test/firewall/programs/acceptor.ts`;
let engine: PrivateEngine;
let proxy: Script;
beforeAll(async () => {
  engine = await startPrivateEngine();
  proxy = spawnScript({ file: acceptor, args: ['0.0.0.0', '7892'], spawn: engine.spawn });
  await proxy.waitForLine('port 7892');
});
afterAll(async () => {
  await proxy.kill();
  await engine.stop();
});

const native = (what: string): string =>
  `nft 'add table ip p; add chain ip p c { type nat hook prerouting priority -110; }; add rule ip p c iifname != "lo" meta l4proto tcp ${what}'`;
const nativeOff = 'nft delete table ip p';
const redirect = native('redirect to :7892');
const taken = { reachable: false, finding: 'taken-by-other-rule' };

describe.each(['nftables', 'iptables'] as const)('%s', (strategy) => {
  it('does not open where a proxy takes the connection, and names the rule', async () => {
    await shell(engine, redirect);
    try {
      const before = await snapshotIn(engine);
      await using net = drive(engine, { strategy, service: { host: '127.0.0.1' } });
      expect(await net.open()).toMatchObject({
        code: 'LHF_ERR_UNREACHABLE',
        diagnosis: taken,
        message: expect.stringMatching(
          /^Another rule took tcp port 80 of lhf-\w+: ip p c: iifname != "lo" meta l4proto tcp redirect to :7892; it went to [\d.]+:7892\n/,
        ) as string,
      });
      expectSame(before, await snapshotIn(engine));
    } finally {
      await shell(engine, nativeOff);
    }
  });

  it('does not open where a proxy answers in place of our own listener', async () => {
    await shell(engine, redirect);
    try {
      await using net = drive(engine, { strategy, verify: { timeoutMs: 1500 } });
      expect(await net.open()).toMatchObject({ code: 'LHF_ERR_UNREACHABLE', diagnosis: taken });
    } finally {
      await shell(engine, nativeOff);
    }
  });

  describe('proven before', () => {
    const open = driveForAll(() => engine, { strategy, verify: false, service: { host: '127.0.0.1' } });

    it.each([
      ['to a proxy', () => 'redirect to :7892', /redirect to :7892; it went to [\d.]+:7892$/],
      [
        'to the very service',
        (port: number) => `dnat to 127.0.0.1:${port}`,
        /dnat to 127\.0\.0\.1:(\d+); it went to 127\.0\.0\.1:\1$/,
      ],
      ['to nobody', () => 'redirect to :7', /redirect to :7$/],
    ])('tells a rule that leads %s, and the advice mends it', async (_, what, said) => {
      const { net, handover } = open();
      expect(await net.verify()).toMatchObject({
        ok: { ports: [{ answer: 'accepted', proof: 'connection-at-service' }] },
      });
      await shell(engine, native(what(handover.ports[0]?.hostPort ?? 0)));
      try {
        expect(await net.verify()).toMatchObject({ code: 'LHF_ERR_UNREACHABLE', diagnosis: taken });
        const diagnosis = await net.diagnose();
        expect(diagnosis).toMatchObject(taken);
        expect(diagnosis.sentence).toMatch(said);
        await shell(engine, diagnosis.advice.replace(/^sudo /, ''));
        expect(await net.verify()).toMatchObject({ ok: { ports: [{ proof: 'connection-at-service' }] } });
        expect(await net.diagnose()).toMatchObject({ reachable: true });
      } finally {
        await shell(engine, nativeOff);
      }
    });
  });
});

it('tells a rule that was put before our own in the same chain, and the advice mends it and goes with the forward', async () => {
  // The chain is there already, so that what is left of it is nobody's doing.
  const rule = 'PREROUTING -p tcp -m comment --comment theirs -j REDIRECT --to-ports 7892';
  await shell(engine, `iptables -t nat -A ${rule}; iptables -t nat -D ${rule}`);
  const before = await snapshotIn(engine);
  await using net = drive(engine, { strategy: 'iptables', verify: false, service: { host: '127.0.0.1' } });
  await net.open();
  await shell(engine, `iptables -t nat -I ${rule.replace('PREROUTING', 'PREROUTING 1')}`);
  try {
    expect(await net.verify()).toMatchObject({ code: 'LHF_ERR_UNREACHABLE', diagnosis: taken });
    const diagnosis = await net.diagnose();
    expect(diagnosis).toMatchObject(taken);
    expect(diagnosis.sentence).toMatch(
      /ip nat PREROUTING: meta l4proto tcp .*redirect to :7892; it went to [\d.]+:7892$/,
    );
    await shell(engine, diagnosis.advice.replace(/^sudo /, ''));
    expect(await net.verify()).toMatchObject({ ok: { ports: [{ proof: 'connection-at-service' }] } });
    expect(await net.diagnose()).toMatchObject({ reachable: true });
  } finally {
    await net.close();
    await shell(engine, `iptables -t nat -D ${rule}`);
  }
  expectSame(before, await snapshotIn(engine));
});

describe.each(['nftables', 'iptables'] as const)('%s, where SYNPROXY answers handshakes', (strategy) => {
  const on =
    'iptables -t raw -A PREROUTING -p tcp --syn -j CT --notrack; iptables -A INPUT -p tcp -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --mss 1460';
  const off = 'iptables -t raw -F PREROUTING; iptables -F INPUT';

  it('takes that for no proof, names the rule, and the advice mends it', async () => {
    await using net = drive(engine, { strategy, verify: false, service: { host: '127.0.0.1' } });
    await net.open();
    await shell(engine, on);
    try {
      expect(await net.verify()).toMatchObject({ code: 'LHF_ERR_UNREACHABLE', diagnosis: { reachable: false } });
      const diagnosis = await net.diagnose();
      expect(diagnosis).toMatchObject({ reachable: false, finding: 'dropped-before-rule' });
      expect(diagnosis.sentence).toMatch(/left out of connection tracking, .*: ip raw PREROUTING: .*notrack$/i);
      await shell(engine, diagnosis.advice.replace(/^sudo /, ''));
      expect(await net.verify()).toMatchObject({ ok: { ports: [{ proof: 'connection-at-service' }] } });
    } finally {
      await net.close();
      await shell(engine, off);
    }
  });

  it('tells that nothing listens', async () => {
    await using net = drive(engine, { strategy, verify: false });
    await net.open();
    await shell(engine, on);
    try {
      expect(await net.verify()).toMatchObject({
        code: 'LHF_ERR_UNREACHABLE',
        diagnosis: { reachable: false, finding: 'no-listener' },
      });
    } finally {
      await net.close();
      await shell(engine, off);
    }
  });
});

it.each([
  [
    'shakes hands itself',
    'iptables -t raw -A PREROUTING -i lhf+ -p tcp --syn -j CT --notrack; iptables -A INPUT -i lhf+ -p tcp -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --mss 1460; iptables -A INPUT -i lhf+ -m conntrack --ctstate INVALID -j DROP',
    'iptables -t raw -F PREROUTING; iptables -F INPUT',
  ],
  [
    'gives callers another sender',
    `nft 'add table ip s; add chain ip s c { type nat hook input priority 100; }; add rule ip s c iifname "lhf-*" snat to 127.0.0.1'`,
    'nft delete table ip s',
  ],
])('before a relay a firewall that %s is told for what it may be, and the advice mends it', async (_, on, off) => {
  await using net = drive(engine, { strategy: 'relay', verify: false, service: { host: '127.0.0.1' } });
  await net.open();
  await shell(engine, on);
  try {
    const diagnosis = await net.diagnose();
    expect(diagnosis).toMatchObject(taken);
    expect(diagnosis.sentence).toMatch(/^Something of this host answers tcp port 80 of lhf-\w+ before the relay, /);
    expect(await openAsAdvised(engine, diagnosis.advice)).toHaveProperty('ok.strategy', 'sidecar');
  } finally {
    await net.close();
    await shell(engine, off);
  }
});

it('proves a service that another rule gives another sender, and says what it has seen', async () => {
  await using net = drive(engine, { strategy: 'nftables', verify: false, service: { host: '127.0.0.1' } });
  const { ok } = await net.open();
  const chain = '{ type nat hook input priority 100; }';
  await shell(
    engine,
    `nft 'add table ip s; add chain ip s c ${chain}; add rule ip s c ip saddr ${ok?.subnet} snat to 127.0.0.1'`,
  );
  try {
    expect(await net.verify()).toMatchObject({ ok: { ports: [{ answer: 'accepted', proof: 'translated' }] } });
  } finally {
    await net.close();
    await shell(engine, 'nft delete table ip s');
  }
});

it('tells a rule that leads to another container, of which this host has no socket', async () => {
  await using other = await startNode({ docker: new Docker({ socketPath: engine.socketPath }) });
  await other.serve(8080, 'x');
  await using net = drive(engine, { strategy: 'nftables', verify: false, service: { host: '127.0.0.1' } });
  await net.open();
  await shell(engine, `${native(`dnat to ${other.address}:8080`)}; iptables -I FORWARD 1 -j ACCEPT`);
  try {
    const diagnosis = await net.diagnose();
    expect(diagnosis).toMatchObject(taken);
    expect(diagnosis.sentence).toMatch(new RegExp(`ip p c: .*dnat to ${other.address}:8080$`));
    expect(diagnosis.hops[0]?.detail).toMatch(/: accepted$/);
    await shell(engine, diagnosis.advice.replace(/^sudo /, ''));
    expect(await net.diagnose()).toMatchObject({ reachable: true });
  } finally {
    await net.close();
    await shell(engine, `${nativeOff}; iptables -D FORWARD -j ACCEPT`);
  }
});

it('hangs up before it leaves, also where a packet is lost, so that no service keeps its connection', async () => {
  // The first packet that ends a connection is lost each time, and the kernel's second one is not.
  const lossy = `nft 'add table ip lossy; add chain ip lossy c { type filter hook prerouting priority -310; }; add rule ip lossy c iifname "lhf-*" tcp flags fin / fin,rst numgen inc mod 2 == 0 counter drop'`;
  await using service = spawnScript({ file: acceptor, spawn: engine.spawn });
  const port = Number((await service.waitForLine(/^port /)).slice(5));
  await using net = drive(engine, { strategy: 'nftables', port });
  await shell(engine, lossy);
  try {
    expect(await net.open()).toHaveProperty('ok');
    await until(() => service.lines.at(-1) === 'open 0', { what: 'the end of the connection' });
    await net.close();
    expect((await engine.exec(['nft', 'list', 'table', 'ip', 'lossy'])).stdout).toMatch(/counter packets [1-9]/);
  } finally {
    await shell(engine, 'nft delete table ip lossy');
  }
});
