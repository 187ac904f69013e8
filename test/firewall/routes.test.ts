import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPrivateEngine, type PrivateEngine } from '../support/private-engine.ts';
import { drive, expectSame, shell, snapshotIn } from './drive.ts';

// What VPNs and those who guard a host do to its routes, in an engine of our own.
let engine: PrivateEngine;
beforeAll(async () => {
  engine = await startPrivateEngine();
  await shell(engine, 'ip link add vpn0 type bridge; ip addr add 100.101.102.103/32 dev vpn0; ip link set vpn0 up');
});
afterAll(() => engine.stop());

const byRule = (route: string): string => `ip route add ${route} table 52; ip rule add pref 5270 lookup 52`;
const ruleOff = 'ip rule del pref 5270; ip route flush table 52';
const strictly = (value: number): string => `for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo ${value} > $f; done`;

const everything = byRule('default dev vpn0');
const strictlyEverything = `${everything}; ${strictly(1)}`;
const toVpn = / to vpn0 and not to /;
const nowhere = / nowhere \(.*\) and not to /;

it.each([
  ['nftables', 'a VPN that takes everything', everything, toVpn],
  ['nftables', 'the same, on a host that looks where replies would go', strictlyEverything, toVpn],
  ['nftables', 'a VPN that lets nothing out beside it', byRule('unreachable default'), nowhere],
  ['nftables', 'a table that swallows', byRule('blackhole default'), nowhere],
  ['iptables', 'a VPN that takes everything', strictlyEverything, toVpn],
  ['relay', 'a VPN that takes everything', everything, toVpn],
] as const)('%s tells of %s, and the advice mends it', async (strategy, _, on, said) => {
  await shell(engine, on);
  try {
    await using net = drive(engine, { strategy, verify: false, service: { host: '127.0.0.1' } });
    await net.open();
    const diagnosis = await net.diagnose();
    expect(diagnosis).toMatchObject({ reachable: false, finding: 'routed-elsewhere' });
    expect(diagnosis.sentence).toMatch(said);
    expect(diagnosis.sentence).toMatch(/: the rule `5270: from all lookup 52` comes before the main table$/);
    await shell(engine, diagnosis.advice.replace(/^sudo /, ''));
    expect(await net.diagnose()).toMatchObject({ reachable: true });
    await net.close();
  } finally {
    await shell(engine, `ip rule del pref 5269; ${ruleOff}; ${strictly(0)}`);
  }
});

it.each([
  ['nftables', 'who sends', 'ip rule add pref 90 from 127.0.0.1 to 198.18.0.0/15 unreachable', '90: from 127.0.0.1 to'],
  [
    'relay',
    'who sends',
    'ip rule add pref 90 from 198.18.0.0/15 lookup 53; ip route add default dev vpn0 table 53',
    '90: from 198.18.0.0/15 lookup 53',
  ],
  [
    'nftables',
    'a mark that a proxy sets',
    "nft 'add table ip marks; add chain ip marks o { type route hook output priority -150; }; add rule ip marks o ip daddr 198.18.0.0/15 meta mark set 0x99'; ip rule add pref 90 fwmark 0x99 lookup 53; ip route add default dev vpn0 table 53",
    '90: from all fwmark 0x99 lookup 53',
  ],
  [
    'nftables',
    'a table, beside rules for others',
    'ip rule add pref 80 to 203.0.113.0/24 blackhole; ip rule add pref 85 from 203.0.113.9 lookup 53; ip rule add pref 90 lookup 53; ip route add default dev vpn0 table 53',
    '90: from all lookup 53',
  ],
] as const)('%s tells of a rule that decides by %s, and the advice mends it', async (strategy, _, on, rule) => {
  const off =
    'for p in 79 80 84 85 89 90; do ip rule del pref $p; done; ip route flush table 53; nft delete table ip marks; true';
  await using net = drive(engine, { strategy, verify: false, service: { host: '127.0.0.1' } });
  await net.open();
  expect(await net.diagnose()).toMatchObject({ reachable: true });
  await shell(engine, on);
  try {
    const diagnosis = await net.diagnose();
    expect(diagnosis).toMatchObject({ reachable: false, finding: 'routed-elsewhere' });
    expect(diagnosis.sentence).toContain(`: the rule \`${rule}`);
    await shell(engine, diagnosis.advice.replace(/^sudo /, ''));
    expect(await net.diagnose()).toMatchObject({ reachable: true });
  } finally {
    await net.close();
    await shell(engine, off);
  }
});

it('does not open where replies go to a VPN, says so, and leaves nothing', async () => {
  await shell(engine, everything);
  try {
    const before = await snapshotIn(engine);
    await using net = drive(engine, {
      strategy: 'nftables',
      service: { host: '127.0.0.1' },
      verify: { timeoutMs: 3000 },
    });
    expect(await net.open()).toMatchObject({
      code: 'LHF_ERR_UNREACHABLE',
      diagnosis: { reachable: false, finding: 'routed-elsewhere' },
    });
    expectSame(before, await snapshotIn(engine));
  } finally {
    await shell(engine, ruleOff);
  }
});

it.each([
  ['unreachable', 'ip route add unreachable 198.18.0.0/15', 'ip route del unreachable 198.18.0.0/15'],
  ['blackholed', 'ip route add blackhole 198.18.0.0/15', 'ip route del blackhole 198.18.0.0/15'],
  ['a VPN’s', 'ip route add 198.18.0.0/15 dev vpn0', 'ip route del 198.18.0.0/15 dev vpn0'],
  ['a VPN’s by a table of its own', byRule('198.18.0.0/15 dev vpn0'), ruleOff],
])('takes another pool where the default one is %s, and any subnet that is asked for', async (kind, on, off) => {
  await shell(engine, on);
  try {
    await using net = drive(engine, { service: { host: '127.0.0.1' } });
    expect((await net.open()).ok?.subnet).toMatch(/^10\.254\./);
    await net.close();
    if (kind.includes('table')) return;
    await using asked = drive(engine, { service: { host: '127.0.0.1' }, subnet: '198.18.5.16/28' });
    expect((await asked.open()).ok?.subnet).toBe('198.18.5.16/28');
    await asked.close();
    // A pool that somebody named is taken at his word.
    const named = { LOCALHOST_FORWARD_SUBNET_POOL: '198.18.0.0/16' };
    await using refused = drive(engine, { service: { host: '127.0.0.1' } }, named);
    expect(await refused.open()).toMatchObject({
      code: 'LHF_ERR_NETWORK',
      message: expect.stringMatching(
        /^No free \/27 is left in 198\.18\.0\.0\/16.*\nTry: unset LOCALHOST_FORWARD_SUBNET_POOL$/,
      ) as string,
    });
  } finally {
    await shell(engine, off);
  }
});
