import type { Finding } from '../../../src/diagnosis.ts';
import type { Listener } from '../../../src/host/listeners.ts';
import type { Evidence } from '../../../src/proof/evidence.ts';

const listener = (address: string): Listener => ({
  protocol: 'tcp',
  family: address.includes(':') ? 6 : 4,
  address,
  port: 8088,
});

const through = { saw: 3, translated: 3, inputEarly: 3, inputLate: 3, outputEarly: 3, outputLate: 3, accepted: 1 };
const gatewayProxy = { at: 'elsewhere', to: { address: '198.18.0.1', port: 7892 }, counted: 0 } as const;
const engine = { rootless: false, remote: false, endpoint: 'unix:///var/run/docker.sock' };

/** A forward of which nothing is wrong, and whose probe hears nothing. */
const silent: Evidence = {
  hostname: 'host.docker.internal',
  gateway: '198.18.0.1',
  bridge: 'lhf-k0v2m101',
  subnet: '198.18.0.0/27',
  ownChain: undefined,
  protocol: 'tcp',
  containerPort: 8088,
  hostPort: 8088,
  hostAddress: '127.0.0.1',
  ended: 'timeout',
  engine,
  rulePresent: true,
  routeLocalnet: true,
  listeners: [listener('127.0.0.1')],
  listening: true,
  relayed: false,
  counts: through,
  drops: [],
  taken: [],
  misdirected: [],
};
/** What is known before a packet is sent. */
const undialled: Evidence = { ...silent, ended: undefined, counts: undefined };
const refused: Evidence = { ...silent, ended: 'refused', listening: false, listeners: [] };
const dropIn = (table: string, chain: string, rule: string) => ({
  family: 'ip',
  table,
  chain,
  baseChain: chain,
  rule,
});

/** For each finding what may have been seen, from which `docs/findings.md` has its example. */
export const findingExamples: Readonly<Record<Finding, Evidence>> = {
  reachable: {
    ...silent,
    ended: 'accepted',
    arrival: { at: 'service', to: { address: '127.0.0.1', port: 8088 }, counted: 1 },
  },
  'no-listener': { ...refused, ownPorts: [3000, 8080] },
  'listens-on-ipv6-only': { ...refused, listeners: [listener('::1')] },
  'listens-on-other-address': { ...refused, listeners: [listener('192.0.2.7')] },
  'firewall-input': {
    ...silent,
    counts: { ...through, inputLate: 0, outputEarly: 0, outputLate: 0 },
    drops: [dropIn('filter', 'INPUT', 'policy drop')],
  },
  'firewall-output': {
    ...silent,
    counts: { ...through, outputLate: 0 },
    drops: [dropIn('filter', 'OUTPUT', 'oifname "lhf-*" drop')],
  },
  'taken-by-other-rule': {
    ...silent,
    ended: 'accepted',
    arrival: gatewayProxy,
    taken: [{ ...dropIn('proxy', 'prerouting', 'meta l4proto tcp redirect to :7892'), family: 'inet' }],
  },
  'routed-elsewhere': {
    ...silent,
    counts: { ...through, outputLate: 0 },
    detour: {
      subnet: '198.18.0.0/28',
      dev: 'vpn0',
      by: '52',
      rule: { preference: 5270, table: '52', text: 'from all lookup 52' },
    },
  },
  'route-localnet-off': { ...undialled, routeLocalnet: false },
  'rule-missing': { ...undialled, rulePresent: false },
  'dropped-before-rule': {
    ...silent,
    counts: { ...through, translated: 0, inputEarly: 0, inputLate: 0, outputEarly: 0, outputLate: 0 },
    drops: [dropIn('raw', 'PREROUTING', 'tcp dport 8088 drop')],
  },
  'wrong-address': {
    ...silent,
    ended: 'nonce',
    misdirected: [{ container: 'web', address: '172.17.0.1' }],
  },
  'engine-rootless': { ...undialled, engine: { ...engine, rootless: true } },
  'engine-remote': { ...undialled, engine: { ...engine, remote: true, endpoint: 'tcp://build:2376' } },
  'probe-failed': { ...silent, ended: 'unresolved', counts: undefined },
};
