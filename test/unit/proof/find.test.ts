import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/diagnosis.ts';
import type { Evidence } from '../../../src/proof/evidence.ts';
import { findCause } from '../../../src/proof/find.ts';
import type { Listener } from '../../../src/host/listeners.ts';

const through = { saw: 3, translated: 3, inputEarly: 3, inputLate: 3, outputEarly: 3, outputLate: 3, accepted: 1 };
const nothing = { saw: 0, translated: 0, inputEarly: 0, inputLate: 0, outputEarly: 0, outputLate: 0, accepted: 0 };
const listener = (address: string): Listener => ({
  protocol: 'tcp',
  family: address.includes(':') ? 6 : 4,
  address,
  port: 8088,
});
const engine = { rootless: false, remote: false, endpoint: 'unix:///var/run/docker.sock' };

/** A forward of which nothing is wrong, but that nobody has dialled. */
const sound: Evidence = {
  hostname: 'host.docker.internal',
  gateway: '198.18.0.1',
  bridge: 'lhf-abcdefgh',
  subnet: '198.18.0.0/27',
  protocol: 'tcp',
  containerPort: 80,
  hostAddress: '127.0.0.1',
  hostPort: 8088,
  ended: undefined,
  engine,
  rulePresent: true,
  routeLocalnet: true,
  listeners: [listener('127.0.0.1')],
  listening: true,
  relayed: false,
  counts: undefined,
  drops: [],
  taken: [],
  ownChain: undefined,
  misdirected: [],
};
const silent = { ...sound, ended: 'timeout' } as const;
const absent = { listeners: [], listening: false };
const drop = { family: 'ip', table: 'filter', chain: 'MINE', baseChain: 'INPUT', rule: 'tcp dport 80 drop' };

const atService = { at: 'service', to: { address: '127.0.0.1', port: 8088 }, counted: 1 } as const;
const atProxy = { at: 'elsewhere', to: { address: '198.18.0.1', port: 7892 }, counted: 0 } as const;
const transparent = { at: 'elsewhere', to: undefined, counted: 1, isTransparent: true } as const;
const queue = { ...drop, chain: 'INPUT', rule: 'queue num 5' };
const redirect = { family: 'ip', table: 'p', chain: 'c', baseChain: 'c', rule: 'meta l4proto tcp redirect to :7892' };
const inNat = { family: 'ip', table: 'nat', chain: 'MINE', baseChain: 'PREROUTING', rule: 'dnat to 10.0.0.1' };

const detour = {
  subnet: '198.18.0.0/28',
  dev: 'vpn0',
  by: '52',
  rule: { preference: 5270, table: '52', text: 'from all lookup 52' },
};

type Row = [seen: string, evidence: Evidence, finding: Finding, sentence: RegExp, advice: RegExp];

it('is its own text where it becomes part of one, and nothing more than its fields elsewhere', () => {
  const diagnosis = findCause({ ...silent, ...absent });
  expect(`told: ${diagnosis}`).toMatch(/^told: Nothing listens on 127.0.0.1:8088.*\n( {2}[✓✗?] .*\n)+Try: ss -lntp$/);
  expect(Object.keys(diagnosis)).not.toContain('toString');
  expect(structuredClone(diagnosis)).toEqual(diagnosis);
});

it('hops name the address that the service has', () => {
  const hops = (hostAddress: '127.0.0.1' | '::1') =>
    findCause({ ...sound, ended: 'accepted', arrival: atService, hostAddress })
      .hops.filter(({ name }) => name === 'rule' || name === 'service')
      .map(({ detail }) => detail);
  expect(hops('127.0.0.1')).toEqual(['to 127.0.0.1:8088', 'listens on 127.0.0.1:8088']);
  expect(hops('::1')).toEqual(['to [::1]:8088', 'listens on [::1]:8088']);
});

const rows: Row[] = [
  ['our nonce', { ...sound, ended: 'nonce' }, 'reachable', /reach 127\.0\.0\.1:8088 at host\.docker\.internal:80/, /./],
  [
    'a service that accepts',
    { ...sound, ended: 'accepted', arrival: atService },
    'reachable',
    /reach/,
    /know the name host\.docker\.internal, put it on this network .*403, allow it that name \(vite: server\.allowedHosts\)/,
  ],
  [
    'a service on ::1 that accepts',
    { ...sound, ended: 'accepted', arrival: atService, hostAddress: '::1' },
    'reachable',
    /reach \[::1\]:8088 at host\.docker\.internal:80/,
    /./,
  ],
  [
    'a firewall that answers the handshake in place of a service that is absent',
    { ...sound, ...absent, ended: 'accepted', arrival: { ...atService, at: 'nowhere', to: undefined } },
    'no-listener',
    /^Nothing listens on 127\.0\.0\.1:8088/,
    /^ss /,
  ],
  [
    'a service that is not there, beside others of the same user',
    { ...sound, ...absent, ended: 'refused', ownPorts: [80, 3000, 8080, 8090, 9000, 9999] },
    'no-listener',
    /which container port 80 stands for; programs of this user listen on 3000, 8080, 8090, 9000, 9999, among others$/,
    /^ss -lntp$/,
  ],
  [
    'a service that is not there, beside one other of the same user',
    { ...sound, ...absent, ended: 'refused', ownPorts: [8080] },
    'no-listener',
    /which container port 80 stands for; programs of this user listen on 8080$/,
    /^ss -lntp$/,
  ],
  [
    'a firewall that answers the handshake in place of the service, for what is left untracked',
    {
      ...sound,
      ended: 'accepted',
      arrival: { ...atService, at: 'nowhere', to: undefined },
      counts: { ...through, accepted: 0 },
      untracked: [{ ...inNat, table: 'raw', chain: 'PREROUTING', rule: 'tcp flags syn notrack', isOfReplies: false }],
    },
    'dropped-before-rule',
    /left out of connection tracking, .*: ip raw PREROUTING: tcp flags syn notrack$/,
    /^sudo iptables -t raw -I PREROUTING 1 -i lhf-abcdefgh -j ACCEPT$/,
  ],
  [
    'somebody who answers the handshake in place of the service',
    {
      ...sound,
      ended: 'accepted',
      arrival: { ...atService, at: 'nowhere', to: undefined },
      counts: { ...through, accepted: 0 },
    },
    'taken-by-other-rule',
    /^Another rule took tcp port 80/,
    /./,
  ],
  [
    'a service that ends the connection before anybody can look',
    { ...sound, ended: 'accepted', arrival: { ...atService, at: 'nowhere', to: undefined } },
    'reachable',
    /no connection to be looked at/,
    /./,
  ],
  [
    'a proxy that another rule gave the connection to',
    { ...sound, ended: 'accepted', arrival: atProxy, taken: [redirect] },
    'taken-by-other-rule',
    /^Another rule took tcp port 80 of lhf-abcdefgh: ip p c: meta l4proto tcp redirect to :7892; it went to 198\.18\.0\.1:7892$/,
    /^sudo nft insert rule ip p c iifname lhf-abcdefgh accept$/,
  ],
  [
    'a proxy that answers in place of our listener',
    { ...sound, ended: 'foreign', arrival: atProxy, counts: nothing },
    'taken-by-other-rule',
    /it went to 198\.18\.0\.1:7892$/,
    /^look for what takes packets from lhf-abcdefgh, and let them pass: /,
  ],
  [
    'a transparent proxy that has the service’s own address',
    { ...sound, ended: 'accepted', arrival: transparent, taken: [{ ...redirect, rule: 'tproxy to :1' }] },
    'taken-by-other-rule',
    /ip p c: tproxy to :1; a transparent proxy has it, by the very address that was dialled$/,
    /^sudo nft insert rule ip p c iifname lhf-abcdefgh accept$/,
  ],
  [
    'the same of what a relay has carried on',
    { ...sound, ended: 'accepted', relayed: true, arrival: { ...transparent, isCarried: true } },
    'taken-by-other-rule',
    /^Another rule took what is carried on from tcp port 80 of lhf-abcdefgh to 127\.0\.0\.1:8088; a transparent proxy/,
    /^look for what leads this host's own connections to 127\.0\.0\.1:8088 elsewhere/,
  ],
  [
    'somebody who answers before a relay',
    {
      ...sound,
      ended: 'accepted',
      relayed: true,
      front: { at: 'gateway', firewalld: false },
      arrival: { at: 'nowhere', to: undefined, counted: 0 },
    },
    'taken-by-other-rule',
    /^Something of this host answers tcp port 80 of lhf-abcdefgh before the relay, which had no such connection/,
    /^strategy: 'sidecar'$/,
  ],
  [
    'a queue that nobody reads',
    { ...silent, counts: { ...through, inputLate: 0, outputEarly: 0, outputLate: 0 }, drops: [queue] },
    'firewall-input',
    /on its way in: ip filter INPUT: queue num 5, and no program lets go of what is queued there$/,
    /^sudo iptables -t filter -I INPUT 1 -i lhf-abcdefgh /,
  ],
  [
    'a drop before all that is counted',
    { ...silent, counts: nothing, drops: [{ ...drop, family: 'bridge', baseChain: 'MINE' }] },
    'dropped-before-rule',
    /^Nothing for tcp port 80 arrives from lhf-abcdefgh: it is dropped on the bridge itself: bridge filter MINE: /,
    /^sudo nft insert rule bridge filter MINE ip saddr 198\.18\.0\.0\/27 accept$/,
  ],
  [
    'a port that a container publishes and the engine keeps',
    { ...sound, ended: 'accepted', arrival: { at: 'elsewhere', to: undefined, counted: 1, keptFor: 'database' } },
    'listens-on-other-address',
    /^The container database publishes port 8088 without the engine's proxy: what listens on 127\.0\.0\.1:8088 keeps/,
    /^strategy: 'relay'$/,
  ],
  [
    'a port that this host’s own connections are led on from, where nobody listens',
    { ...sound, ...absent, ended: 'refused', isLedOn: true },
    'no-listener',
    /^Nothing listens on 127\.0\.0\.1:8088 itself, and this host's own connections to it are led on/,
    /^strategy: 'relay'$/,
  ],
  [
    'the same by a relay, which has carried it there',
    {
      ...sound,
      ...absent,
      ended: 'accepted',
      relayed: true,
      arrival: { at: 'nowhere', to: undefined, counted: 1, isCarried: true },
    },
    'reachable',
    /no connection to be looked at/,
    /^nothing to do$/,
  ],
  [
    'a service with as many callers waiting as it lets',
    {
      ...silent,
      counts: { ...through, outputEarly: 0, outputLate: 0 },
      listeners: [{ ...listener('127.0.0.1'), isFull: true }],
    },
    'probe-failed',
    /arrives at 127\.0\.0\.1:8088, and the service there takes nobody in: as many callers wait for it as it lets$/,
    /^ss -lntp 'sport = :8088'$/,
  ],
  [
    'a service whose socket takes no such caller',
    {
      ...silent,
      counts: { ...through, outputEarly: 0, outputLate: 0 },
      listeners: [{ ...listener('127.0.0.1'), isFull: false }],
    },
    'probe-failed',
    /takes nobody in: a filter of its socket keeps other callers than this host out/,
    /^strategy: 'relay'$/,
  ],
  [
    'what a relay sends on to a service with as many callers waiting as it lets',
    {
      ...sound,
      ended: 'accepted',
      relayed: true,
      listeners: [{ ...listener('127.0.0.1'), isFull: true }],
      arrival: { at: 'carrier', to: undefined, counted: 0 },
    },
    'probe-failed',
    /takes nobody in: as many callers wait for it as it lets$/,
    /^ss -lntp /,
  ],
  [
    'another rule that leads to the very service',
    { ...sound, ended: 'accepted', arrival: { ...atService, counted: 0 } },
    'taken-by-other-rule',
    /it went to 127\.0\.0\.1:8088$/,
    /./,
  ],
  [
    'another host that another rule leads to',
    { ...sound, ended: 'accepted', arrival: { at: 'nowhere', to: undefined, counted: 0 }, taken: [redirect] },
    'taken-by-other-rule',
    /redirect to :7892$/,
    /./,
  ],
  [
    'another rule that leads to nobody',
    { ...silent, counts: { ...nothing, saw: 3 }, taken: [{ ...redirect, family: 'inet' }] },
    'taken-by-other-rule',
    /inet p c/,
    /^sudo nft insert rule inet p c iifname lhf-abcdefgh accept$/,
  ],
  [
    'a rule before our own jump to our own chain',
    { ...silent, taken: [{ ...inNat, baseChain: 'PREROUTING' }], ownChain: 'LHF-lhf-abcdefgh' },
    'taken-by-other-rule',
    /ip nat MINE/,
    /^sudo iptables -t nat -I PREROUTING 1 -i lhf-abcdefgh -m addrtype --dst-type LOCAL -m comment --comment lhf:lhf-abcdefgh -j LHF-lhf-abcdefgh$/,
  ],
  [
    'a rule that gives it to a transparent proxy',
    { ...silent, taken: [{ ...inNat, table: 'mangle', rule: 'tproxy to :1' }], ownChain: 'LHF-lhf-abcdefgh' },
    'taken-by-other-rule',
    /ip mangle MINE/,
    /^sudo iptables -t mangle -I PREROUTING 1 -i lhf-abcdefgh -j ACCEPT$/,
  ],
  [
    'a rule of ours that is gone, and somebody who answers in its place',
    { ...sound, rulePresent: false, ended: 'accepted', arrival: { ...atProxy, counted: 0 } },
    'rule-missing',
    /gone/,
    /./,
  ],
  [
    'a UDP service of which nothing is wrong',
    { ...sound, ended: 'sent', protocol: 'udp' },
    'reachable',
    /cannot be asked/,
    /./,
  ],
  [
    'UDP without a service',
    { ...sound, ...absent, ended: 'sent', protocol: 'udp' },
    'no-listener',
    /\(udp\)/,
    /^ss -lnup$/,
  ],
  [
    'UDP whose answers this host sends elsewhere',
    {
      ...sound,
      ended: 'sent',
      protocol: 'udp',
      detour: { subnet: '198.18.0.0/28', dev: 'wg0', by: '51820', rule: undefined },
    },
    'routed-elsewhere',
    /to wg0 and not to/,
    /^sudo ip rule add /,
  ],
  [
    'UDP whose rules cannot be looked at',
    {
      ...sound,
      ended: 'sent',
      protocol: 'udp',
      rulePresent: undefined,
      unseen: 'The rules of lhf-x cannot be looked at',
    },
    'probe-failed',
    /^The rules of lhf-x cannot be looked at$/,
    /^localhost-forward doctor$/,
  ],
  [
    'a tunnel whose sshd is gone',
    { ...sound, ended: 'refused', rulePresent: false, lost: 'The tunnel of lhf-x is gone' },
    'rule-missing',
    /^The tunnel of lhf-x is gone$/,
    /^open another forward$/,
  ],
  [
    'UDP without its rule',
    { ...sound, ended: 'sent', protocol: 'udp', rulePresent: false },
    'rule-missing',
    /udp port 80/,
    /./,
  ],
  [
    'a container that dials docker0',
    { ...sound, ended: 'accepted', arrival: atService, misdirected: [{ container: 'web', address: '172.17.0.1' }] },
    'wrong-address',
    /web dials 172\.17\.0\.1:80/,
    /--add-host host\.docker\.internal:198\.18\.0\.1/,
  ],
  [
    'a firewall, and a container that dials docker0',
    {
      ...silent,
      counts: { ...through, inputLate: 0 },
      drops: [drop],
      misdirected: [{ container: 'web', address: '172.17.0.1' }],
    },
    'firewall-input',
    /MINE/,
    /./,
  ],
  ['nobody there', { ...sound, ...absent, ended: 'refused' }, 'no-listener', /Nothing listens/, /^ss -lntp/],
  [
    'a service on ::1',
    { ...sound, ended: 'refused', listeners: [listener('::1')], listening: false },
    'listens-on-ipv6-only',
    /::1 only/,
    /hostAddress: '::1'/,
  ],
  [
    'a service elsewhere',
    { ...sound, ended: 'refused', listeners: [listener('192.0.2.7')], listening: false },
    'listens-on-other-address',
    /listens on 192\.0\.2\.7 and not on 127\.0\.0\.1/,
    /^ss -lntp/,
  ],
  [
    'replies that a policy route takes away',
    { ...silent, counts: { ...through, outputLate: 0 }, detour },
    'routed-elsewhere',
    /sends what is for 198\.18\.0\.0\/28 to vpn0 and not to lhf-abcdefgh: the rule `5270: from all lookup 52` comes/,
    /^sudo ip rule add pref 5269 to 198\.18\.0\.0\/28 lookup main$/,
  ],
  [
    'the same where nothing counts packets',
    { ...silent, detour: { ...detour, dev: undefined, by: 'Network is unreachable' } },
    'routed-elsewhere',
    /nowhere \(Network is unreachable\)/,
    /./,
  ],
  [
    'silence where a relay listens',
    { ...silent, relayed: true, front: { at: 'gateway', firewalld: false } },
    'firewall-input',
    /^A firewall of this host drops tcp port 80 of lhf-abcdefgh before the relay, which listens on 198\.18\.0\.1$/,
    /^strategy: 'sidecar'$/,
  ],
  [
    'silence where a sidecar listens',
    { ...silent, relayed: true, front: { at: 'sidecar' } },
    'dropped-before-rule',
    /^A firewall of this host drops what goes from container to container on lhf-abcdefgh: tcp port 80 does not come/,
    /^strategy: 'relay'$/,
  ],
  [
    'a rejected call where a relay listens, and firewalld runs',
    { ...sound, ended: 'rejected', relayed: true, front: { at: 'gateway', firewalld: true } },
    'firewall-input',
    /^A firewall of this host, where firewalld runs, drops/,
    /^sudo firewall-cmd --zone=trusted --change-interface=lhf-abcdefgh$/,
  ],
  [
    'silence where a relay should listen and does not',
    { ...silent, relayed: true, front: { at: 'gateway', firewalld: false }, rulePresent: false },
    'rule-missing',
    /./,
    /./,
  ],
  [
    'a drop on a host with a policy route',
    { ...silent, counts: { ...through, inputLate: 0, outputEarly: 0, outputLate: 0 }, drops: [drop], detour },
    'firewall-input',
    /ip filter MINE/,
    /./,
  ],
  [
    'a service on 127.0.0.1 where the forward leads to ::1',
    { ...sound, ended: 'refused', hostAddress: '::1', listening: false },
    'listens-on-other-address',
    /listens on 127\.0\.0\.1 and not on ::1/,
    /^ss -lntp/,
  ],
  [
    'a service that is bound to an interface',
    { ...sound, ended: 'refused', listeners: [{ ...listener('127.0.0.1'), device: 'lo' }], listening: false },
    'listens-on-other-address',
    /listens for the interface lo alone, and containers come by lhf-/,
    /^strategy: 'relay'/,
  ],
  [
    'a service on ::1 and elsewhere',
    { ...sound, ended: 'refused', listeners: [listener('192.0.2.7'), listener('::1')], listening: false },
    'listens-on-ipv6-only',
    /::1/,
    /./,
  ],
  [
    'route_localnet off',
    { ...silent, routeLocalnet: false, counts: { ...through, inputEarly: 0, inputLate: 0 } },
    'route-localnet-off',
    /lhf-abcdefgh is off/,
    /^sudo sysctl -w net\.ipv4\.conf\.lhf-abcdefgh\.route_localnet=1$/,
  ],
  ['no rule', { ...silent, rulePresent: false }, 'rule-missing', /tcp port 80/, /net\.verify\(\)/],
  [
    'a remote engine, whatever else',
    { ...silent, rulePresent: false, engine: { ...engine, remote: true, endpoint: 'tcp://build:2376' } },
    'engine-remote',
    /tcp:\/\/build:2376/,
    /docker context/,
  ],
  [
    'a rootless engine',
    { ...silent, engine: { ...engine, rootless: true } },
    'engine-rootless',
    /rootless/,
    /docker context/,
  ],
  [
    'a rootless engine that leads elsewhere by itself',
    { ...silent, relayed: true, isRootlessOwn: true, counts: undefined },
    'engine-rootless',
    /^The engine is rootless, and its own way for host\.docker\.internal does not lead to this host's 127\.0\.0\.1$/,
    /^strategy: 'sidecar'$/,
  ],
  [
    'an engine that is gone',
    {
      ...sound,
      probeFailure: { what: 'No Docker engine answers at unix:///x', advice: 'sudo systemctl start docker' },
    },
    'probe-failed',
    /No Docker engine answers/,
    /^sudo systemctl start docker$/,
  ],
  [
    'a probe that ended without a word',
    { ...sound, probeFailure: { what: 'the probe ended without a word', advice: undefined } },
    'probe-failed',
    /without a word/,
    /doctor/,
  ],
  [
    'a probe that was not there to dial, whatever was counted',
    { ...silent, ended: undefined, counts: nothing },
    'probe-failed',
    /not dialled/,
    /./,
  ],
  ['a name that does not resolve', { ...sound, ended: 'unresolved' }, 'probe-failed', /could not resolve/, /./],
  [
    'nothing from the bridge',
    { ...silent, counts: nothing },
    'dropped-before-rule',
    /arrives from lhf-abcdefgh/,
    /^look for what drops packets from lhf-abcdefgh, and let them pass: /,
  ],
  [
    'a drop before the translation',
    {
      ...silent,
      counts: { ...nothing, saw: 3 },
      drops: [{ ...drop, table: 'raw', chain: 'PREROUTING', baseChain: 'PREROUTING' }],
    },
    'dropped-before-rule',
    /ip raw PREROUTING: tcp dport 80 drop/,
    /^sudo iptables -t raw -I PREROUTING 1 -i lhf-abcdefgh -j ACCEPT$/,
  ],
  [
    'a drop after the translation',
    { ...silent, counts: { ...nothing, saw: 3, translated: 3 } },
    'dropped-before-rule',
    /on its way/,
    /./,
  ],
  [
    'a drop in a chain that INPUT jumps to',
    { ...silent, counts: { ...through, inputLate: 0 }, drops: [drop] },
    'firewall-input',
    /ip filter MINE: tcp dport 80 drop/,
    /^sudo iptables -t filter -I INPUT 1 -i lhf-abcdefgh -d 127\.0\.0\.0\/8 -m conntrack --ctstate DNAT -j ACCEPT$/,
  ],
  [
    'a native policy of drop',
    {
      ...silent,
      counts: { ...through, inputLate: 0 },
      drops: [{ family: 'inet', table: 'fw', chain: 'in', baseChain: 'in', rule: 'policy drop' }],
    },
    'firewall-input',
    /inet fw in: policy drop/,
    /^sudo nft insert rule inet fw in iifname lhf-abcdefgh ip daddr 127\.0\.0\.0\/8 ct status dnat accept$/,
  ],
  [
    'a drop of INPUT that the trace does not name',
    { ...silent, counts: { ...through, inputLate: 0 } },
    'firewall-input',
    /on its way in$/,
    /iptables -t filter -I INPUT/,
  ],
  [
    'a reject of INPUT, and nobody there',
    { ...silent, ...absent, ended: 'rejected', counts: { ...through, inputLate: 0 } },
    'firewall-input',
    /INPUT|way in/,
    /./,
  ],
  [
    'a drop of the answer',
    { ...silent, counts: { ...through, outputLate: 0 }, drops: [{ ...drop, chain: 'OUTPUT', baseChain: 'OUTPUT' }] },
    'firewall-output',
    /ip filter OUTPUT/,
    /^sudo iptables -t filter -I OUTPUT 1 -o lhf-abcdefgh -j ACCEPT$/,
  ],
  [
    'a service that does not answer',
    { ...silent, counts: { ...through, outputEarly: 0, outputLate: 0 } },
    'probe-failed',
    /the service there does not answer/,
    /^ss /,
  ],
  [
    'an answer that is not our listener’s',
    { ...sound, ended: 'foreign', counts: through },
    'probe-failed',
    /Something else/,
    /nft list ruleset/,
  ],
  ['silence that no hop explains', { ...silent, counts: through }, 'probe-failed', /no hop tells why/, /DEBUG=/],
  ['silence on a host without nft', silent, 'probe-failed', /no hop tells why/, /./],
  [
    'a relay that does not get through to the service',
    { ...sound, ended: 'accepted', relayed: true, arrival: { at: 'carrier', to: undefined, counted: 0 } },
    'firewall-output',
    /on its own loopback$/,
    /nft list ruleset/,
  ],
  ['silence without nft, and nobody there', { ...silent, ...absent }, 'no-listener', /Nothing listens/, /./],
];

describe('one finding', () => {
  it.each(rows)('of %s', (_, evidence, finding, sentence, advice) => {
    const diagnosis = findCause(evidence);
    expect(diagnosis).toMatchObject({ finding, reachable: finding === 'reachable', containerPort: 80 });
    expect(diagnosis.sentence).toMatch(sentence);
    expect(diagnosis.advice).toMatch(advice);
    expect(diagnosis.sentence).not.toContain('\n');
  });
});

describe('the hops', () => {
  const hops = (evidence: Evidence): string =>
    findCause(evidence)
      .hops.map(({ name, ok, packets }) => `${name}:${ok ?? '?'}${packets === undefined ? '' : `:${packets}`}`)
      .join(' ');

  it('are all fine where it works', () => {
    expect(hops({ ...sound, ended: 'nonce', counts: through })).toBe(
      'container:true bridge:true:3 rule:true:3 input:true:3 service:true reply:true:3 output:true:3',
    );
  });
  it('tell where a packet was last seen', () => {
    expect(hops({ ...silent, counts: { ...nothing, saw: 3, translated: 3, inputEarly: 3 } })).toBe(
      'container:true bridge:true:3 rule:true:3 input:false:0 service:true reply:false:0 output:false:0',
    );
  });
  it('are unknown where nothing counts', () => {
    expect(hops(silent)).toBe('container:true bridge:? rule:true input:? service:true reply:? output:?');
  });
  it('tell a container that never ran', () => {
    const failed = { ...sound, probeFailure: { what: 'no engine', advice: undefined } };
    expect(hops(failed)).toMatch(/^container:false /);
    expect(findCause(failed).hops[0]?.detail).toContain('no engine');
  });
});
