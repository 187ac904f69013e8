import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPrivateEngine, type PrivateEngine } from '../support/private-engine.ts';
import { drive, shell } from './drive.ts';

/*
 * What Docker 29 puts in for a network with `--firewall-backend nftables`: put together from moby's sources and golden files
 * (daemon/libnetwork/drivers/bridge/internal/nftabler at v29), and not recorded from such an engine, which no test here has met. The
 * engine beside it is an older one, whose own rules are iptables'.
 */
const tableOf = (bridge: string, subnet: string, published: string): string => `
table ip docker-bridges {
  map filter-forward-in-jumps { type ifname : verdict; elements = { "${bridge}" : jump filter-forward-in__net }; }
  map filter-forward-out-jumps { type ifname : verdict; elements = { "${bridge}" : jump filter-forward-out__net }; }
  map nat-postrouting-out-jumps { type ifname : verdict; elements = { "${bridge}" : jump nat-postrouting-out__net }; }
  chain filter-FORWARD {
    type filter hook forward priority filter; policy accept;
    oifname vmap @filter-forward-in-jumps
    iifname vmap @filter-forward-out-jumps
  }
  chain nat-OUTPUT {
    type nat hook output priority -100; policy accept;
    ip daddr != 127.0.0.0/8 fib daddr type local counter jump nat-prerouting-and-output
  }
  chain nat-POSTROUTING {
    type nat hook postrouting priority srcnat; policy accept;
    iifname vmap @nat-postrouting-out-jumps
  }
  chain nat-PREROUTING {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local counter jump nat-prerouting-and-output
  }
  chain nat-prerouting-and-output {
    ${published}
  }
  chain raw-PREROUTING {
    type filter hook prerouting priority raw; policy accept;
  }
  chain filter-forward-in__net {
    ct state established,related counter accept
    iifname "${bridge}" counter accept comment "ICC"
    counter drop comment "UNPUBLISHED PORT DROP"
  }
  chain filter-forward-out__net {
    ct state established,related counter accept
    counter accept comment "OUTGOING"
  }
  chain nat-postrouting-out__net {
    oifname != "${bridge}" ip saddr ${subnet} counter masquerade comment "MASQUERADE"
  }
}`;

let engine: PrivateEngine;
beforeAll(async () => void (engine = await startPrivateEngine()));
afterAll(() => engine.stop());

it.each([
  ['nftables', '', 'reachable'],
  ['iptables', '', 'reachable'],
  // A container that publishes the very port that ours dial: our rules come first.
  ['nftables', 'tcp dport 80 counter dnat to 172.17.0.2:80 comment "DNAT"', 'reachable'],
  // iptables' chain has the priority of Docker's: who made his first is first. The rule is named, and `nftables` is what auto takes.
  ['iptables', 'tcp dport 80 counter dnat to 172.17.0.2:80 comment "DNAT"', 'taken-by-other-rule'],
])('%s beside the rules of Docker 29 by nftables, %s: %s', async (strategy, published, finding) => {
  await using net = drive(engine, { strategy, verify: false, service: { host: '127.0.0.1' } });
  const { ok } = await net.open();
  await shell(engine, `nft -f - <<'RULES'\n${tableOf(ok?.bridgeName ?? '', ok?.subnet ?? '', published)}\nRULES`);
  try {
    expect((await net.diagnose()).finding).toBe(finding);
  } finally {
    await shell(engine, 'nft delete table ip docker-bridges');
  }
  expect(await net.diagnose()).toMatchObject({ reachable: true });
  await net.close();
});
