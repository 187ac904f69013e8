import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPrivateEngine, type PrivateEngine } from '../support/private-engine.ts';
import { renderDifference } from '../support/host-snapshot.ts';
import { until } from '../support/until.ts';
import { drive, driveForAll, expectSame, shell, snapshotIn } from './drive.ts';

// Faults made for real in an engine of our own: the finding, and its advice, which makes the forward work when it is followed.
let engine: PrivateEngine;
beforeAll(async () => void (engine = await startPrivateEngine()));
afterAll(() => engine.stop());

const drops: [name: string, finding: string, on: string, off: string, said: RegExp][] = [
  [
    'a policy of INPUT',
    'firewall-input',
    'iptables -P INPUT DROP',
    'iptables -P INPUT ACCEPT; iptables -F INPUT',
    /ip filter INPUT: policy drop/,
  ],
  [
    'a rule of INPUT',
    'firewall-input',
    'iptables -A INPUT -p tcp -j DROP',
    'iptables -F INPUT',
    /ip filter INPUT: .*drop/,
  ],
  [
    'a chain of the user’s',
    'firewall-input',
    'iptables -N MINE; iptables -A MINE -j DROP; iptables -A INPUT -j MINE',
    'iptables -F INPUT; iptables -F MINE; iptables -X MINE',
    /ip filter MINE: .*drop/,
  ],
  [
    'a native policy',
    'firewall-input',
    "nft add table inet fw; nft 'add chain inet fw in { type filter hook input priority 0; policy drop; }'",
    'nft delete table inet fw',
    /inet fw in: policy drop/,
  ],
  [
    'mangle',
    'dropped-before-rule',
    'iptables -t mangle -A PREROUTING -p tcp -j DROP',
    'iptables -t mangle -F',
    /ip mangle PREROUTING: .*drop/,
  ],
  [
    'raw',
    'dropped-before-rule',
    'iptables -t raw -A PREROUTING -i lhf+ -j DROP',
    'iptables -t raw -D PREROUTING -i lhf+ -j DROP; iptables -t raw -F PREROUTING',
    /ip raw PREROUTING: .*drop/,
  ],
  [
    'a rule that leaves packets untracked',
    'dropped-before-rule',
    'iptables -t raw -I PREROUTING -i lhf+ -j CT --notrack',
    'iptables -t raw -F PREROUTING',
    /left out of connection tracking, .*: ip raw PREROUTING: .*notrack$/,
  ],
  [
    'a native rule that leaves answers untracked',
    'firewall-output',
    "nft 'add table ip nt; add chain ip nt c { type filter hook output priority -300; }; add rule ip nt c ip saddr 127.0.0.1 notrack'",
    'nft delete table ip nt',
    /left out of connection tracking, .*: ip nt c: .*notrack$/,
  ],
  [
    'a rule of bridges',
    'dropped-before-rule',
    "nft 'add table bridge b; add chain bridge b c { type filter hook input priority 0; }; add rule bridge b c ip protocol tcp drop'",
    'nft delete table bridge b',
    /bridge b c: ip protocol tcp drop$/,
  ],
  [
    'a rule of bridges that comes before all others',
    'dropped-before-rule',
    "nft 'add table bridge b; add chain bridge b c { type filter hook prerouting priority -300; }; add rule bridge b c ip protocol tcp drop'",
    'nft delete table bridge b',
    /dropped on the bridge itself: bridge b c: ip protocol tcp drop$/,
  ],
  [
    'a rule of the bridge’s own interface',
    'dropped-before-rule',
    `for one in /sys/class/net/lhf-*; do nft "add table netdev n; add chain netdev n c { type filter hook ingress device $(basename $one) priority 0; }; add rule netdev n c ip protocol tcp drop"; done`,
    'nft delete table netdev n',
    /netdev n c: ip protocol tcp drop$/,
  ],
  [
    'a queue that no program reads',
    'firewall-input',
    'iptables -A INPUT -p tcp -j NFQUEUE --queue-num 5',
    'iptables -F INPUT',
    /ip filter INPUT: meta l4proto tcp queue num 5, and no program lets go of what is queued there$/,
  ],
  [
    'a rule that writes another port into packets',
    'taken-by-other-rule',
    'nft \'add table ip w; add chain ip w c { type filter hook prerouting priority -320; }; add rule ip w c iifname "lhf-*" tcp dport 80 tcp dport set 81\'',
    'nft delete table ip w',
    /ip w c: iifname "lhf-\*" tcp dport 80 tcp dport set 81$/,
  ],
  [
    'a rule of bridges for answers',
    'firewall-output',
    "nft 'add table bridge b; add chain bridge b c { type filter hook output priority 0; }; add rule bridge b c ip protocol tcp drop'",
    'nft delete table bridge b',
    /bridge b c: ip protocol tcp drop$/,
  ],
  ['OUTPUT', 'firewall-output', 'iptables -A OUTPUT -o lhf+ -j DROP', 'iptables -F OUTPUT', /ip filter OUTPUT: .*drop/],
  [
    'POSTROUTING',
    'firewall-output',
    'iptables -t mangle -A POSTROUTING -o lhf+ -j DROP',
    'iptables -t mangle -F',
    /ip mangle POSTROUTING: .*drop/,
  ],
];

// The kernel's trace names the rule whatever translated the packet, so that one drop for each hop does for iptables.
const firstOfEach = drops.filter(([, finding], index) => drops.findIndex((other) => other[1] === finding) === index);

describe.each([
  ['nftables', drops],
  ['iptables', process.env['LHF_TEST_ALL'] === '1' ? drops : firstOfEach],
] as const)('%s', (strategy, tried) => {
  const open = driveForAll(() => engine, { strategy, verify: false, service: { host: '127.0.0.1' } });

  it.each(tried)('names the drop by %s: %s', async (_, finding, on, off, said) => {
    const { net } = open();
    await shell(engine, on);
    try {
      const diagnosis = await net.diagnose();
      expect(diagnosis).toMatchObject({ reachable: false, finding });
      expect(diagnosis.sentence).toMatch(said);
      expect(diagnosis.hops.some(({ ok }) => ok === false)).toBe(true);
      await shell(engine, diagnosis.advice.replace(/^sudo /, ''));
      expect(await net.diagnose()).toMatchObject({ reachable: true, finding: 'reachable' });
    } finally {
      await shell(engine, off);
    }
  });

  it('names route_localnet, turned off behind our back', async () => {
    await using net = drive(engine, { strategy, verify: false, service: { host: '127.0.0.1' } });
    const { ok } = await net.open();
    await shell(engine, `echo 0 > /proc/sys/net/ipv4/conf/${ok?.bridgeName}/route_localnet`);
    const diagnosis = await net.diagnose();
    expect(diagnosis).toMatchObject({ finding: 'route-localnet-off' });
    await shell(engine, diagnosis.advice.replace(/^sudo /, ''));
    expect(await net.diagnose()).toMatchObject({ reachable: true });
    await net.close();
  });

  it.each([
    ['nobody', undefined, 'no-listener'],
    ['::1 only', { host: '::1' }, 'listens-on-ipv6-only'],
    ['another address', { host: '127.0.0.2' }, 'listens-on-other-address'],
  ])('tells that %s listens', async (_, service, finding) => {
    await using net = drive(engine, { strategy, verify: false, ...(service === undefined ? {} : { service }) });
    await net.open();
    const diagnosis = await net.diagnose();
    expect(diagnosis).toMatchObject({ reachable: false, finding });
    expect(await net.verify()).toMatchObject({ code: 'LHF_ERR_UNREACHABLE', diagnosis: { finding } });
    await net.close();
  });
});

it('tells a rule that is gone, and verify puts it back', async () => {
  await using net = drive(engine, { strategy: 'iptables', verify: false, service: { host: '127.0.0.1' } });
  const { ok } = await net.open();
  // Whoever opened it would put the rule back by himself: halted, he cannot, and somebody else looks.
  net.halt();
  await using other = drive(engine, { join: ok });
  await other.open();
  await shell(engine, `iptables -t nat -F LHF-${ok?.bridgeName}`);
  expect(await other.diagnose()).toMatchObject({ reachable: false, finding: 'rule-missing' });
  net.goOn();
  expect(await net.verify()).toHaveProperty('ok');
  expect(await other.diagnose()).toMatchObject({ reachable: true });
  // Its probe goes with it, and is not there for the next test to find.
  await other.close();
  await net.close();
});

it('leaves the firewall alone when it is told to, and names the rule', async () => {
  await shell(engine, 'iptables -A INPUT -p tcp -j DROP');
  try {
    await using net = drive(engine, { service: { host: '127.0.0.1' } }, { LOCALHOST_FORWARD_FIREWALL: 'leave' });
    expect(await net.open()).toMatchObject({
      code: 'LHF_ERR_UNREACHABLE',
      diagnosis: { finding: 'firewall-input' },
      message: expect.stringMatching(/ip filter INPUT: .*drop[^]*Try: sudo iptables/) as string,
    });
  } finally {
    await shell(engine, 'iptables -F INPUT');
  }
});

it('leaves nothing when it is killed in the middle of a diagnosis', async () => {
  await shell(engine, 'iptables -A INPUT -p tcp -j DROP');
  try {
    const before = await snapshotIn(engine);
    await using net = drive(engine, { strategy: 'iptables', verify: false, service: { host: '127.0.0.1' } });
    await net.open();
    const diagnosing = net.diagnose().catch(() => undefined);
    const isWatching = async (): Promise<boolean> =>
      (await engine.exec(['nft', 'list', 'tables'])).stdout.includes('lhf_hops_');
    await until(isWatching, { everyMs: 5, what: 'its counters' });
    await net.kill();
    // It was at it, and had no answer yet.
    expect(await diagnosing).toBeUndefined();
    const isAsBefore = async (): Promise<boolean> => renderDifference(before, await snapshotIn(engine)) === '';
    await until(isAsBefore, { timeoutMs: 40_000, what: 'its guardian' }).catch(async () =>
      expectSame(before, await snapshotIn(engine)),
    );
    const { stdout } = await engine.exec(['sh', '-c', 'grep -lz [m]onitor /proc/[0-9]*/cmdline || true']);
    expect(stdout).toBe('');
  } finally {
    await shell(engine, 'iptables -F INPUT');
  }
});

it('tells that it is in another network namespace than the engine, and works where the advice leads', async () => {
  const program = `
    import { openLocalhostForward } from 'localhost-forward';
    const outcome = await openLocalhostForward(8088, { verify: false, strategy: process.argv[1] }).then(
      async (net) => { await net.close(); return { code: 'opened' }; },
      ({ code, message }) => ({ code, message }),
    );
    console.log(JSON.stringify(outcome));`;
  const openBy = async (strategy: string): Promise<{ code: string; message?: string }> => {
    const argv = ['unshare', '--net', process.execPath, '--input-type=module-typescript', '--eval', program, strategy];
    const { stdout } = await engine.exec(argv);
    return JSON.parse(stdout) as { code: string; message?: string };
  };
  const before = await snapshotIn(engine);
  const { code, message = '' } = await openBy('nftables');
  expect(code).toBe('LHF_ERR_NO_STRATEGY');
  expect(message).toMatch(
    /nftables: the engine at unix:\S+ has its bridges in another network namespace than this process\n/,
  );
  const advice = /\nTry: strategy: '(\w+)'$/.exec(message)?.[1] ?? 'none';
  expect(await openBy(advice)).toEqual({ code: 'opened' });
  expectSame(before, await snapshotIn(engine));
});

it('tells an engine that is stopped, and works when it is back', async () => {
  await using net = drive(engine, { strategy: 'nftables', verify: false, service: { host: '127.0.0.1' } });
  await net.open();
  await engine.stopEngine();
  const diagnosis = await net.diagnose();
  expect(diagnosis).toMatchObject({ reachable: false, finding: 'probe-failed', advice: 'unset DOCKER_HOST' });
  expect(diagnosis.sentence).toContain('No Docker engine answers at unix://');
  await engine.startEngine();
  expect(await net.diagnose()).toMatchObject({ reachable: true });
  await net.close();
});

it('of an engine whose own chains somebody flushed the advice is to start it again, which mends it', async () => {
  await shell(engine, 'for table in nat filter; do iptables -t $table -F; iptables -t $table -X; done');
  const orders = { strategy: 'nftables', verify: false };
  await using before = drive(engine, orders);
  expect(await before.open()).toMatchObject({
    code: 'LHF_ERR_NETWORK',
    message: expect.stringMatching(
      /^The engine refused the network lhf-\w+ \(\S+\): its own iptables chains are gone, which [^\n]+ No chain\/target\/match by that name[^\n]*\nTry: sudo systemctl restart docker$/,
    ) as string,
  });
  await engine.stopEngine();
  await engine.startEngine();
  await using after = drive(engine, orders);
  expect(await after.open()).toHaveProperty('ok.strategy', 'nftables');
  await after.close();
});
