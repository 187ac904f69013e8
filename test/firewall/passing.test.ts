import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderDifference } from '../support/host-snapshot.ts';
import { startPrivateEngine, type PrivateEngine } from '../support/private-engine.ts';
import { openUfw } from '../support/ufw.ts';
import { until } from '../support/until.ts';
import { isWhole } from '../support/whole.ts';
import { drive, expectSame, shell, snapshotIn } from './drive.ts';

// Firewalls that drop what comes in: forwards simply work, and the firewall is afterwards byte for byte as it was.
let engine: PrivateEngine;
beforeAll(async () => void (engine = await startPrivateEngine()));
afterAll(() => engine.stop());

const nativePolicy =
  "nft add table inet fw; nft 'add chain inet fw in { type filter hook input priority 0; policy drop; }'";

const acceptOfOurs = /-A INPUT .*"lhf:[0-9a-z]{5}:/;

const firewalls: [name: string, on: string, off: string][] = [
  ['a policy of INPUT', 'iptables -P INPUT DROP', 'iptables -P INPUT ACCEPT'],
  ['a rule that rejects', 'iptables -A INPUT -i lhf+ -j REJECT', 'iptables -F INPUT'],
  ['a rule that resets', 'iptables -A INPUT -p tcp -j REJECT --reject-with tcp-reset', 'iptables -F INPUT'],
  [
    'a chain of the user’s',
    'iptables -N MINE; iptables -A MINE -j DROP; iptables -A INPUT -j MINE',
    'iptables -F INPUT; iptables -F MINE; iptables -X MINE',
  ],
  ['a native policy', nativePolicy, 'nft delete table inet fw'],
  ['a rule of mangle', 'iptables -t mangle -A INPUT -j DROP', 'iptables -t mangle -F INPUT'],
  [
    'two in a row',
    "iptables -A INPUT -j DROP; nft add table inet fw; nft 'add chain inet fw in { type filter hook input priority 10; policy drop; }'",
    'iptables -F INPUT; nft delete table inet fw',
  ],
];

it('leaves one image, however many processes prove for the first time', async () => {
  const orders = { service: { host: '127.0.0.1' }, verify: { timeoutMs: 30_000 } };
  await using first = drive(engine, orders);
  await using second = drive(engine, orders);
  await using third = drive(engine, orders);
  const all = [first, second, third];
  for (const opened of await Promise.all(all.map((net) => net.open()))) expect(opened).toHaveProperty('ok');
  await Promise.all(all.map((net) => net.close()));
  const images = await new Docker({ socketPath: engine.socketPath }).listImages({ all: true });
  expect(images.map(({ RepoTags }) => RepoTags)).toEqual([['localhost-forward/probe:empty']]);
});

// What lets it pass is found and written in the same way for both, and in two ways at most.
const few = new Set(['a policy of INPUT', 'two in a row']);
const shown = {
  nftables: isWhole ? firewalls : firewalls.filter(([name]) => few.has(name)),
  iptables: isWhole ? firewalls : firewalls.slice(0, 1),
};

describe.each(['nftables', 'iptables'] as const)('%s', (strategy) => {
  it.each(shown[strategy])('passes %s, and leaves it as it was', async (_, on, off) => {
    await shell(engine, on);
    try {
      const before = await snapshotIn(engine);
      await using net = drive(engine, { strategy, service: { host: '127.0.0.1' }, verify: { timeoutMs: 40_000 } });
      expect(await net.open()).toHaveProperty('ok');
      expect(await net.verify()).toMatchObject({ ok: { ports: [{ answer: 'accepted' }] } });
      await net.close();
      expectSame(before, await snapshotIn(engine));
    } finally {
      await shell(engine, off);
    }
  });

  it('passes policies for what is not proven too, and for UDP', async () => {
    await shell(engine, `iptables -P INPUT DROP; ${nativePolicy}`);
    try {
      const before = await snapshotIn(engine);
      await using unproven = drive(engine, { strategy, service: { host: '127.0.0.1' }, verify: false });
      expect(await unproven.open()).toHaveProperty('ok');
      expect(await unproven.diagnose()).toMatchObject({ reachable: true });
      await unproven.close();
      expectSame(before, await snapshotIn(engine));
      await using datagrams = drive(engine, { strategy, udp: true, verify: { timeoutMs: 40_000 } });
      expect(await datagrams.open()).toHaveProperty('ok');
      await datagrams.close();
      expectSame(before, await snapshotIn(engine));
    } finally {
      await shell(engine, 'iptables -P INPUT ACCEPT; nft delete table inet fw');
    }
  });

  it.each([
    ['what stands before a service that does not listen yet', 'iptables -P INPUT DROP', {}],
    [
      'policies for UDP also beside a port that needs none',
      'iptables -P INPUT DROP; iptables -A INPUT -p tcp -j ACCEPT',
      { service: { host: '127.0.0.1' }, udp: 'beside' },
    ],
  ])('passes %s', async (_, on, orders) => {
    await shell(engine, on);
    try {
      const before = await snapshotIn(engine);
      await using net = drive(engine, { strategy, ...orders, verify: { timeoutMs: 40_000 } });
      expect(await net.open()).toHaveProperty('ok');
      expect((await snapshotIn(engine)).iptables.join('\n')).toMatch(acceptOfOurs);
      await net.close();
      expectSame(before, await snapshotIn(engine));
    } finally {
      await shell(engine, 'iptables -P INPUT ACCEPT; iptables -F INPUT');
    }
  });

  it('works through ufw, also when it is reloaded in the middle', async () => {
    const ufw = await openUfw(engine);
    await ufw.enable();
    // ufw itself writes some of its IPv6 rules only when it is reloaded.
    await ufw.reload();
    try {
      const before = await snapshotIn(engine);
      await using net = drive(engine, { strategy, service: { host: '127.0.0.1' }, verify: { timeoutMs: 40_000 } });
      expect(await net.open()).toHaveProperty('ok');
      await ufw.reload();
      expect(await net.verify()).toHaveProperty('ok');
      await net.close();
      expectSame(before, await snapshotIn(engine));
    } finally {
      await ufw.disable();
    }
  });

  it('takes its accept along when it is killed', async () => {
    await shell(engine, 'iptables -P INPUT DROP');
    try {
      const before = await snapshotIn(engine);
      await using net = drive(engine, { strategy, service: { host: '127.0.0.1' }, verify: { timeoutMs: 40_000 } });
      expect(await net.open()).toHaveProperty('ok');
      expect((await snapshotIn(engine)).iptables.join('\n')).toMatch(acceptOfOurs);
      await net.kill();
      const isAsBefore = async (): Promise<boolean> => renderDifference(before, await snapshotIn(engine)) === '';
      await until(isAsBefore, { timeoutMs: 40_000, what: 'its guardian' }).catch(async () =>
        expectSame(before, await snapshotIn(engine)),
      );
    } finally {
      await shell(engine, 'iptables -P INPUT ACCEPT');
    }
  });
});
