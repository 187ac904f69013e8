import picocolors from 'picocolors';
import { describe, expect, it } from 'vitest';
import { renderReport } from '../../../src/cli/doctor.ts';
import type { DoctorReport } from '../../../src/doctor/doctor.ts';
import { parseDroppingChains } from '../../../src/doctor/firewall.ts';
import { redact } from '../../../src/doctor/redact.ts';

const healthy: DoctorReport = {
  ok: true,
  strategy: 'nftables',
  privilege: 'root',
  engine: {
    name: 'Docker',
    version: '28.0',
    rootless: false,
    remote: false,
    vm: undefined,
    reachesLoopbackBy: undefined,
    bridgeStands: 'always',
    joinsNetworkBy: 'id',
    firewallBackend: 'nftables',
    endpoint: 'unix:///var/run/docker.sock',
  },
  host: {
    platform: 'linux',
    uid: 0,
    sudo: false,
    kernel: '6.1.0',
    netAdmin: true,
    nft: { version: '1.0.6' },
    iptables: { version: '1.8.9', variant: 'nf_tables' },
  },
  ladder: [
    { privilege: 'root', works: true, reason: 'root' },
    { privilege: 'sudo', works: false, reason: 'sudo -n does not work for this user' },
    { privilege: 'container', works: true, reason: 'a helper container with CAP_NET_ADMIN alone' },
  ],
  firewall: { ufw: false, firewalld: false, droppingPolicies: [] },
  reasons: [
    { strategy: 'nftables', chosen: true, reason: 'the kernel removes the rules' },
    { strategy: 'iptables', chosen: false, reason: 'works too' },
  ],
  open: 1,
  left: [],
  subnets: { pool: '198.18.0.0/15', free: 8000 },
};

const render = (report: DoctorReport): string => renderReport(report, picocolors.createColors(false)).join('\n');

describe('the doctor', () => {
  it('is read at a glance', () => {
    expect(render(healthy)).toBe(`\
✓ engine       Docker 28.0 at unix:///var/run/docker.sock, rootful, local, firewall by nftables
✓ as root      root
✗ as sudo      sudo -n does not work for this user
✓ as container a helper container with CAP_NET_ADMIN alone
  host         linux, kernel 6.1.0, nft 1.0.6, iptables 1.8.9 (nf_tables)
  firewall     nothing drops by policy
✓ nftables     the kernel removes the rules
  iptables     works too
  subnets      8000 of 198.18.0.0/15 are free
  forwards     1 open, nothing left behind
Works: nftables as root`);
  });

  it('tells what is missing, what is in the way and what is left by whom', () => {
    const text = render({
      ...healthy,
      ok: false,
      strategy: null,
      privilege: null,
      engine: null,
      host: { ...healthy.host, uid: 1000, nft: undefined, iptables: undefined },
      ladder: [{ privilege: 'root', works: false, reason: 'this user is not root' }],
      firewall: { ufw: true, firewalld: false, droppingPolicies: ['ip filter INPUT'] },
      reasons: [],
      subnets: null,
      left: [
        { bridge: 'lhf-1', owner: 'process 7, dead', things: ['network lhf-1', 'guard lhf_guard_lhf-1'] },
        { bridge: 'lhf-2', owner: 'process 1, elsewhere', things: ['network lhf-2'] },
      ],
      problem: 'No Docker engine answers\nTry: this',
      docs: 'https://example.test/errors.md',
    });
    expect(text).toBe(`\
✗ engine       none answers
✗ as root      this user is not root
  host         linux, kernel 6.1.0, nft absent, iptables absent
  firewall     ufw, ip filter INPUT drops by policy
  forwards     1 open, 1 by processes that cannot be seen from here, 1 left behind: localhost-forward sweep
               network lhf-1, guard lhf_guard_lhf-1 (process 7, dead)
               network lhf-2 (process 1, elsewhere)
No Docker engine answers
Try: this
More: https://example.test/errors.md`);
  });

  it.each([
    ['tcp://me:secret@host:2376', 'tcp://host:2376'],
    ['connect to ssh://bob@host failed', 'connect to ssh://host failed'],
    ['unix:///home/bob/.docker/run/docker.sock', 'unix://~/.docker/run/docker.sock'],
    ['nothing to hide at 10.0.0.1', 'nothing to hide at 10.0.0.1'],
  ])('tells no secret and no user: %s', (text, told) => expect(redact(text, '/home/bob')).toBe(told));

  it.each([
    ['unix:///srv/rootless/docker.sock', 'unix:///srv/rootless/docker.sock'],
    ['unix:///srv/root/docker.sock', 'unix:///srv/root/docker.sock'],
    ['unix:///root/.docker/docker.sock, /root/x', 'unix://~/.docker/docker.sock, ~/x'],
    ['/rooted and /root.d, not /root', '/rooted and /root.d, not ~'],
    ['it is in /root.', 'it is in ~.'],
    ['the folder "/root"', 'the folder "~"'],
  ])('cuts at whole names of paths only: %s', (text, told) => expect(redact(text, '/root')).toBe(told));

  it('takes a home for what it is, and not for an expression', () =>
    expect(redact('/home/a+b/x /home/aab/x', '/home/a+b')).toBe('~/x /home/aab/x'));

  it('leaves a root without a home as it is', () => expect(redact('/a/b', '/')).toBe('/a/b'));

  it('finds the chains of hook input that drop by policy', () => {
    const listing = `table ip filter {
	chain INPUT {
		type filter hook input priority filter; policy drop;
	}
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
	}
}
table inet fw {
	chain in {
		type filter hook input priority 0; policy accept;
	}
	chain strict {
		type filter hook input priority 5; policy drop;
	}
}`;
    expect(parseDroppingChains(listing)).toEqual(['ip filter INPUT', 'inet fw strict']);
  });
});
