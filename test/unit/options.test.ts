import { describe, expect, it } from 'vitest';
import { parseOpenArguments, parseOptions, parsePorts, parseProofOptions } from '../../src/options.ts';
import { badInputs, lackingIn } from './support/bad-input.ts';

const thrownBy = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe('bad input', () => {
  it.each(badInputs)('$name', (row) => {
    expect(lackingIn(thrownBy(() => parseOpenArguments(row.ports, row.options, row.env ?? {})), row)).toEqual([]);
  });

  it('is told by a value that is not too long to read', () => {
    const { message } = thrownBy(() => parsePorts('x'.repeat(10_000))) as Error;
    expect(message.length).toBeLessThan(250);
    expect(message).toContain('...');
  });

  it.each([
    [{ timeoutMs: 0 }, 'options.timeoutMs'],
    [{ image: '-v /:/' }, 'options.image'],
    [{ port: 0 }, 'options.port'],
    [{ prot: 80 }, 'prot'],
    ['fast', 'options'],
  ])('of a proof: %j', (value, path) => {
    expect(lackingIn(thrownBy(() => parseProofOptions(value, { timeoutMs: 1 })), { path })).toEqual([]);
  });
});

const plain = { hostPort: 8088, containerPort: 8088, protocol: 'tcp', hostAddress: undefined };

describe('ports', () => {
  it.each([
    ['a number', 8088, [plain]],
    ['the first and the last', [1, 65_535], [{ ...plain, hostPort: 1, containerPort: 1 }, { ...plain, hostPort: 65_535, containerPort: 65_535 }]],
    ['none', [], []],
    ['0 is whichever is free', 0, [{ ...plain, hostPort: 0, containerPort: undefined }]],
    ['several zeros', [0, 0], [0, 0].map((hostPort) => ({ ...plain, hostPort, containerPort: undefined }))],
    ['0 with a name', { hostPort: 0, containerPort: 80 }, [{ ...plain, hostPort: 0, containerPort: 80 }]],
    ['an object', { hostPort: 8088 }, [plain]],
    ['undefined fields', { hostPort: 8088, containerPort: undefined, protocol: undefined, hostAddress: undefined }, [plain]],
    ['another container port', { hostPort: 8088, containerPort: 80 }, [{ ...plain, containerPort: 80 }]],
    ['::1', { hostPort: 8088, hostAddress: '::1' }, [{ ...plain, hostAddress: '::1' }]],
    ['one host port by two names', [8088, { hostPort: 8088, containerPort: 80 }], [plain, { ...plain, containerPort: 80 }]],
    ['TCP and UDP', [8088, { hostPort: 8088, protocol: 'udp' }], [plain, { ...plain, protocol: 'udp' }]],
  ])('%s', (_, given, planned) => {
    expect(parsePorts(given)).toEqual(planned);
  });
});

const defaults = {
  strategy: 'auto',
  privilege: 'auto',
  verify: { timeoutMs: 5000 },
  proof: { timeoutMs: 5000 },
  listener: false,
  hostname: 'host.docker.internal',
  subnet: undefined,
  subnetPool: '198.18.0.0/15',
  firewall: 'adapt',
  docker: undefined,
  labels: {},
  signal: undefined,
};

const listener = (): void => undefined;
const docker = { socketPath: '/somewhere' };
const { signal } = new AbortController();

const someOptions: readonly [name: string, given: object, changed: object][] = [
  ['strategy', { strategy: 'iptables' }, { strategy: 'iptables' }],
  ['privilege', { privilege: 'sudo' }, { privilege: 'sudo' }],
  ['no proof, but defaults for a later one', { verify: false }, { verify: false }],
  ['a proof', { verify: true }, {}],
  ['a slow proof', { verify: { timeoutMs: 60_000 } }, { verify: { timeoutMs: 60_000 }, proof: { timeoutMs: 60_000 } }],
  ...['node', 'node:24-alpine', 'registry.test:5000/a/b@sha256:'.concat('0'.repeat(64))].map(
    (image): [string, object, object] => [`image ${image.slice(0, 30)}`, { verify: { image } }, { verify: { timeoutMs: 5000, image }, proof: { timeoutMs: 5000, image } }],
  ),
  ['listener', { listener: true }, { listener: true }],
  ['listener function', { listener }, { listener }],
  ...['a', 'my-api.test', 'HOST.Docker.Internal', 'a'.repeat(63), '1a.2'].map((hostname): [string, object, object] => [`hostname ${hostname.slice(0, 20)}`, { hostname }, { hostname }]),
  ...['198.18.7.0/28', '10.0.0.0/16', '192.168.1.248/29'].map((subnet): [string, object, object] => [`subnet ${subnet}`, { subnet }, { subnet: { cidr: subnet } }]),
  ['docker', { docker }, { docker }],
  ['labels', { labels: { team: 'a b', empty: '' } }, { labels: { team: 'a b', empty: '' } }],
  ['a label by an odd name', { labels: JSON.parse('{"__proto__":"x"}') as object }, { labels: JSON.parse('{"__proto__":"x"}') as object }],
  ['signal', { signal }, { signal }],
];

describe('options', () => {
  it.each([undefined, null, {}, { strategy: undefined, verify: undefined, labels: undefined, hermetic: false }])('%j gives the defaults', (given) => {
    expect(parseOptions(given, {})).toEqual(defaults);
  });

  it.each(someOptions)('%s', (_, given, changed) => {
    expect(parseOptions(given, {})).toEqual({ ...defaults, ...changed });
  });

  it.each([
    ['STRATEGY', 'iptables', { strategy: 'iptables' }],
    ['PRIVILEGE', 'sudo', { privilege: 'sudo' }],
    ['PROBE_IMAGE', 'node:24', { verify: { timeoutMs: 5000, image: 'node:24' }, proof: { timeoutMs: 5000, image: 'node:24' } }],
    ['SUBNET_POOL', '10.64.0.0/10', { subnetPool: '10.64.0.0/10' }],
    ['FIREWALL', 'leave', { firewall: 'leave' }],
    ['STRATEGY', '', {}],
  ])('LOCALHOST_FORWARD_%s=%s', (name, value, changed) => {
    expect(parseOptions({}, { [`LOCALHOST_FORWARD_${name}`]: value })).toEqual({ ...defaults, ...changed });
  });

  it('an explicit one wins over the environment', () => {
    const env = { LOCALHOST_FORWARD_STRATEGY: 'iptables', LOCALHOST_FORWARD_PRIVILEGE: 'sudo', LOCALHOST_FORWARD_PROBE_IMAGE: 'node:22' };
    const given = { strategy: 'auto', privilege: 'root', verify: { image: 'node:24' } };
    expect(parseOptions(given, env)).toMatchObject({ strategy: 'auto', privilege: 'root', verify: { image: 'node:24' }, proof: { image: 'node:24' } });
  });

  it('a proof left out keeps the environment’s image for later ones', () => {
    expect(parseOptions({ verify: false }, { LOCALHOST_FORWARD_PROBE_IMAGE: 'node:24' })).toMatchObject({ verify: false, proof: { image: 'node:24' } });
  });

  it.each([
    [undefined, { timeoutMs: 7, image: 'a' }],
    [{ timeoutMs: 9 }, { timeoutMs: 9, image: 'a' }],
    [{ image: 'b', port: 80 }, { timeoutMs: 7, image: 'b', port: 80 }],
  ])('a later proof with %j', (given, proof) => {
    expect(parseProofOptions(given, { timeoutMs: 7, image: 'a' })).toEqual(proof);
  });
});

describe('the caller’s objects', () => {
  it('are not written to, frozen ones are fine, and later changes are not seen', () => {
    const labels = { a: '1' };
    const ports = Object.freeze([Object.freeze({ hostPort: 8088 })]);
    const { options } = parseOpenArguments(ports, Object.freeze({ labels, verify: Object.freeze({}) }), Object.freeze({}));
    labels.a = '2';
    expect(options.labels).toEqual({ a: '1' });
    expect(ports).toEqual([{ hostPort: 8088 }]);
  });

  it('are read once', () => {
    const reads: string[] = [];
    const target = { strategy: 'auto', hostname: 'a', subnet: '198.18.0.0/28' };
    const given = new Proxy(target, { get: (object, key, self) => (typeof key === 'string' && reads.push(key), Reflect.get(object, key, self)) });
    parseOptions(given, {});
    expect(reads.toSorted()).toEqual([...new Set(reads)].toSorted());
    expect(reads).toContain('hostname');
  });

  it.each([
    ['options.verify', { get verify(): boolean { throw new Error('no'); } }],
    ['options.labels.a', { labels: { get a(): string { throw new Error('no'); } } }],
  ])('may throw at %s', (path, given) => {
    const error = thrownBy(() => parseOptions(given, {}));
    expect(lackingIn(error, { path, says: 'no' })).toEqual([]);
    expect((error as Error).cause).toEqual(new Error('no'));
  });
});
