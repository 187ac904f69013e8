import Docker from 'dockerode';
import { describe, expect, test } from 'vitest';
import { parseOpenArguments, parseOptions, parsePorts, parseProofOptions } from '../../../src/options/options.ts';
import type { PlannedPort } from '../../../src/options/options.ts';
import { refusalOf } from '../support/refusal.ts';

const tcp = (
  hostPort: number,
  containerPort: number | undefined = hostPort,
  more: Partial<PlannedPort> = {},
): PlannedPort => ({
  hostPort,
  containerPort,
  protocol: 'tcp',
  hostAddress: undefined,
  ...more,
});

describe('ports', () => {
  test.each<[unknown, PlannedPort[]]>([
    [8088, [tcp(8088)]],
    [1, [tcp(1)]],
    [65_535, [tcp(65_535)]],
    [[], []],
    [[8088], [tcp(8088)]],
    [
      [80, { hostPort: 8088, containerPort: 81 }],
      [tcp(80), tcp(8088, 81)],
    ],
    [{ hostPort: 0, containerPort: 80 }, [tcp(0, 80)]],
    [{ hostPort: 80, containerPort: undefined, protocol: undefined, hostAddress: undefined }, [tcp(80)]],
    [{ hostPort: 80, hostAddress: '::1' }, [tcp(80, 80, { hostAddress: '::1' })]],
    [
      [53, { hostPort: 53, protocol: 'udp' }],
      [tcp(53), tcp(53, 53, { protocol: 'udp' })],
    ],
    [
      [{ hostPort: 80 }, { hostPort: 80, containerPort: 81 }],
      [tcp(80), tcp(80, 81)],
    ],
    [Object.freeze([Object.freeze({ hostPort: 80 })]), [tcp(80)]],
    [Object.assign(Object.create(null), { hostPort: 80 }), [tcp(80)]],
  ])('%j', (given, planned) => {
    expect(parsePorts(given)).toEqual(planned);
  });

  test('a free host port leaves the container port open, and may be asked for twice', () => {
    const free: PlannedPort = { hostPort: 0, containerPort: undefined, protocol: 'tcp', hostAddress: undefined };
    expect(parsePorts([0, { hostPort: 0 }])).toEqual([free, free]);
  });

  test('-0 is refused: arithmetic gone wrong', () => {
    expect(refusalOf(() => parsePorts(-0)).message).toBe('Expected `ports` to be an integer from 0 to 65535, got `-0`');
  });

  test('a free port is picked on 127.0.0.1, and not on ::1', () => {
    expect(refusalOf(() => parsePorts([{ hostPort: 0, hostAddress: '::1' }])).message).toBe(
      'Expected `ports[0].hostAddress` to be \'127.0.0.1\' beside `hostPort: 0`, which is picked there, got `"::1"`',
    );
  });

  test('1024 of them', () => {
    expect(parsePorts(Array.from({ length: 1024 }, (_, index) => index + 1))).toHaveLength(1024);
  });

  test("the path is the caller's", () => {
    expect(refusalOf(() => parsePorts([-1], 'testEnvironmentOptions.ports')).message).toMatch(
      /^Expected `testEnvironmentOptions\.ports\[0\]`/,
    );
  });
});

const defaults = {
  strategy: 'auto',
  privilege: 'auto',
  verify: { timeoutMs: 5000 },
  proof: { timeoutMs: 5000 },
  listener: false,
  hermetic: false,
  hostname: 'host.docker.internal',
  hostnames: ['host.docker.internal'],
  subnetPool: '198.18.0.0/15',
  firewall: 'adapt',
  labels: {},
  subnet: undefined,
  docker: undefined,
  signal: undefined,
};
const listener = (): void => {};
const { signal } = new AbortController();
const foreignSignal = { aborted: false, addEventListener: () => {} };
const docker = new Docker({ socketPath: '/nowhere.sock' });
const digest = `sha256:${'0'.repeat(64)}`;
const proven = (proof: object): object => ({ verify: proof, proof });

describe('options', () => {
  test.each<[unknown, object]>([
    [undefined, {}],
    [{}, {}],
    [{ strategy: undefined, verify: undefined, docker: undefined, labels: undefined, signal: undefined }, {}],
    [
      { strategy: 'iptables', privilege: 'sudo' },
      { strategy: 'iptables', privilege: 'sudo' },
    ],
    [{ strategy: 'tunnel' }, { strategy: 'tunnel' }],
    [{ verify: true }, {}],
    [{ verify: false }, { verify: false }],
    [{ verify: {} }, {}],
    [{ verify: { timeoutMs: 1 } }, proven({ timeoutMs: 1 })],
    [{ verify: { timeoutMs: 600_000, image: 'node' } }, proven({ timeoutMs: 600_000, image: 'node' })],
    [
      { verify: { image: 'localhost:5000/a/b__c/d.e-f:24.1_x' } },
      proven({ timeoutMs: 5000, image: 'localhost:5000/a/b__c/d.e-f:24.1_x' }),
    ],
    [
      { verify: { image: `Registry.example/node:24@${digest}` } },
      proven({ timeoutMs: 5000, image: `Registry.example/node:24@${digest}` }),
    ],
    [{ listener: true }, { listener: true }],
    [{ listener }, { listener }],
    [{ hermetic: false }, {}],
    [{ hermetic: true }, { hermetic: true }],
    ...['Host', '1.a-b.c3', 'localhost.example', `${'a.'.repeat(126)}b`].map((hostname): [unknown, object] => [
      { hostname },
      { hostname, hostnames: [hostname] },
    ]),
    [
      { hostname: ['host.docker.internal', 'host.testcontainers.internal'] },
      { hostnames: ['host.docker.internal', 'host.testcontainers.internal'] },
    ],
    [{ hostname: ['b', 'a', 'B'] }, { hostname: 'b', hostnames: ['b', 'a'] }],
    [{ subnet: '198.18.3.16/28' }, { subnet: { cidr: '198.18.3.16/28' } }],
    [{ subnet: '10.0.0.0/16' }, { subnet: { cidr: '10.0.0.0/16' } }],
    [{ subnet: '100.64.0.8/29' }, { subnet: { cidr: '100.64.0.8/29' } }],
    [{ labels: { team: 'web', 'com.example.a': '' } }, { labels: { team: 'web', 'com.example.a': '' } }],
    [{ signal }, { signal }],
    [{ signal: foreignSignal }, { signal: expect.any(AbortSignal) as AbortSignal }],
    [
      new (class {
        strategy = 'nftables';
      })(),
      { strategy: 'nftables' },
    ],
  ])('%j', (given, different) => {
    expect(parseOptions(given, {})).toEqual({ ...defaults, ...different });
  });

  test('what is not ours is handed on as it is', () => {
    const resolved = parseOptions({ docker, signal, listener }, {});
    expect(resolved.docker).toBe(docker);
    expect(resolved.signal).toBe(signal);
    expect(resolved.listener).toBe(listener);
  });

  test("the caller's objects stay as they are, and later changes to them change nothing", () => {
    const given = { verify: { timeoutMs: 10 }, labels: { team: 'web' } };
    const copy = structuredClone(given);
    const resolved = parseOptions(given, {});
    expect(given).toEqual(copy);
    given.labels.team = 'other';
    given.verify.timeoutMs = -1;
    expect(resolved).toMatchObject({ labels: { team: 'web' }, verify: { timeoutMs: 10 } });
  });

  test('ports and options in one go', () => {
    expect(parseOpenArguments([], undefined, {})).toEqual({ ports: [], options: defaults });
  });
});

describe('the environment', () => {
  const env = {
    LOCALHOST_FORWARD_STRATEGY: 'iptables',
    LOCALHOST_FORWARD_PRIVILEGE: 'sudo',
    LOCALHOST_FORWARD_PROBE_IMAGE: 'node:24',
    LOCALHOST_FORWARD_SUBNET_POOL: '10.200.0.0/16',
    LOCALHOST_FORWARD_FIREWALL: 'leave',
  };
  const fromEnv = {
    ...defaults,
    strategy: 'iptables',
    privilege: 'sudo',
    ...proven({ timeoutMs: 5000, image: 'node:24' }),
    subnetPool: '10.200.0.0/16',
    firewall: 'leave',
  };

  test('sets defaults', () => {
    expect(parseOptions({}, env)).toEqual(fromEnv);
  });

  test.each([
    ['LOCALHOST_FORWARD_STRATGY', 'LOCALHOST_FORWARD_STRATEGY'],
    ['LOCALHOST_FORWARD_PROBE_IMG', 'LOCALHOST_FORWARD_PROBE_IMAGE'],
    ['LOCALHOST_FORWARD_privilege', 'LOCALHOST_FORWARD_PRIVILEGE'],
  ])('%s is refused for what it was to be', (name, meant) => {
    const what = `Unknown environment variable \`${name}\`. Did you mean \`${meant}\`?`;
    expect(() => parseOptions({}, { ...env, [name]: 'relay' })).toThrow(what);
    expect(parseOptions({}, { ...env, [name]: '' })).toEqual(fromEnv);
  });

  test('may have names of ours that nobody can set, and names of others', () => {
    const told = ['NETWORK', 'HOST', 'GATEWAY', 'PORTS', 'URL', 'ENGINE', 'PRIVILEGES', 'WORDS', 'DASHBOARD'];
    const all = Object.fromEntries(told.map((name) => [`LOCALHOST_FORWARD_${name}`, 'x']));
    expect(parseOptions({}, { ...env, ...all, LOCALHOST_FORWARDS: 'x', STRATGY: 'x' })).toEqual(fromEnv);
  });

  test('gives way to what is given, be it wrong or not', () => {
    const wrong = { LOCALHOST_FORWARD_STRATEGY: 'x', LOCALHOST_FORWARD_PRIVILEGE: 'x' };
    const given = { strategy: 'auto', privilege: 'auto', verify: { image: 'busybox' } };
    for (const variables of [wrong, { ...env, ...wrong }, env]) {
      expect(parseOptions(given, variables)).toMatchObject({
        strategy: 'auto',
        privilege: 'auto',
        verify: { image: 'busybox' },
      });
    }
  });

  test('counts as unset where it is empty', () => {
    expect(parseOptions({}, Object.fromEntries(Object.keys(env).map((name) => [name, ''])))).toEqual(defaults);
  });

  test('names the image of later proofs, also without a first one', () => {
    expect(parseOptions({ verify: false }, env)).toMatchObject({
      verify: false,
      proof: { timeoutMs: 5000, image: 'node:24' },
    });
  });
});

test('a listener of ours is on 127.0.0.1, and no port beside it on ::1', () => {
  const port = { hostPort: 8088, hostAddress: '::1' };
  expect(() => parseOpenArguments([80, port], { listener: true }, {})).toThrow(
    /^Expected `hostAddress` of port 8088 to be '127\.0\.0\.1' beside the option `listener`, got '::1'/,
  );
  expect(parseOpenArguments([80, port], {}, {}).ports).toHaveLength(2);
});

describe('the options of one proof', () => {
  test.each<[unknown, object]>([
    [undefined, { timeoutMs: 7, image: 'a' }],
    [{}, { timeoutMs: 7, image: 'a' }],
    [
      { timeoutMs: 1, port: 80 },
      { timeoutMs: 1, image: 'a', port: 80 },
    ],
    [
      { image: 'b', port: undefined },
      { timeoutMs: 7, image: 'b' },
    ],
  ])('%j', (given, resolved) => {
    expect(parseProofOptions(given, { timeoutMs: 7, image: 'a' })).toEqual(resolved);
  });

  test.each<[unknown, string]>([
    [{ port: 0 }, 'Expected `options.port` to be an integer from 1 to 65535, got `0`'],
    [{ timeoutMs: -1 }, 'Expected `options.timeoutMs` to be an integer from 1 to 600000 milliseconds, got `-1`'],
    [{ timeout: 1 }, 'Unknown option `timeout`. Did you mean `timeoutMs`?'],
    [80, 'Expected `options` to be an object, got `80`'],
  ])('%j is refused', (given, message) => {
    expect(refusalOf(() => parseProofOptions(given, { timeoutMs: 7 }))).toMatchObject({
      code: 'LHF_ERR_INVALID_OPTION',
      message,
    });
  });
});
