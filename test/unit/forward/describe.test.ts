import { describe, expect, it } from 'vitest';
import { describeForward, putOnNetwork } from '../../../src/forward/describe.ts';
import type { ForwardedPort } from '../../../src/types.ts';

const port = (containerPort: number, protocol: 'tcp' | 'udp' = 'tcp'): ForwardedPort => ({
  hostPort: 8088,
  containerPort,
  protocol,
  hostAddress: '127.0.0.1',
});
const net = (...ports: ForwardedPort[]) => ({
  networkName: 'lhf-abcde123',
  gateway: '198.18.0.1',
  hostname: 'host.docker.internal',
  hostnames: ['host.docker.internal'],
  ports,
});
const refused = (message: RegExp) =>
  expect.objectContaining({
    code: 'LHF_ERR_INVALID_OPTION',
    message: expect.stringMatching(message) as string,
  }) as Error;

describe('describeForward', () => {
  it('says what commands, containers and tests take', () => {
    const { url: _, ...described } = describeForward(net(port(53, 'udp'), port(80), port(81)));
    expect(described).toEqual({
      extraHosts: ['host.docker.internal:198.18.0.1'],
      dockerRunArgs: ['--network', 'lhf-abcde123', '--add-host', 'host.docker.internal:198.18.0.1'],
      env: {
        LOCALHOST_FORWARD_NETWORK: 'lhf-abcde123',
        LOCALHOST_FORWARD_HOST: 'host.docker.internal',
        LOCALHOST_FORWARD_GATEWAY: '198.18.0.1',
        LOCALHOST_FORWARD_PORTS: expect.stringMatching(/^\d+:53\/udp,\d+:80,\d+:81$/) as string,
        LOCALHOST_FORWARD_URL: 'http://host.docker.internal:80',
      },
    });
  });

  it.each([
    ['host-gateway', 'host-gateway'],
    // A name that the engine itself resolves, which docker takes for no address.
    ['host.internal', 'host.docker.internal'],
  ])('%s stands in the environment as %s', (gateway, said) => {
    expect(describeForward({ ...net(port(80)), gateway }).env['LOCALHOST_FORWARD_GATEWAY']).toBe(said);
  });

  it('gives each name to commands and containers, and the first to URLs', () => {
    const several = { ...net(port(80)), hostnames: ['host.docker.internal', 'host.testcontainers.internal'] };
    const { extraHosts, dockerRunArgs, url } = describeForward(several);
    expect(extraHosts).toEqual(['host.docker.internal:198.18.0.1', 'host.testcontainers.internal:198.18.0.1']);
    expect(dockerRunArgs).toEqual([
      '--network',
      'lhf-abcde123',
      ...extraHosts.flatMap((entry) => ['--add-host', entry]),
    ]);
    expect(url()).toBe('http://host.docker.internal:80');
  });

  it('adds no name that the engine resolves', () => {
    const native = { ...net(port(80)), gateway: 'host.docker.internal' };
    expect(describeForward(native).extraHosts).toEqual([]);
  });

  it('has no URL without a TCP port', () => {
    const { env, url } = describeForward(net(port(53, 'udp')));
    expect(env).not.toHaveProperty('LOCALHOST_FORWARD_URL');
    expect(() => url()).toThrow(refused(/lhf-abcde123 forwards no TCP port\n {2}forwarded: udp\/53/));
  });

  it.each([
    [undefined, 'http://host.docker.internal:80'],
    [81, 'http://host.docker.internal:81'],
  ])('url(%s) is %s', (asked, url) => expect(describeForward(net(port(80), port(81))).url(asked)).toBe(url));

  it.each([8088, 0, '80'])('url(%j) is refused', (asked) => {
    expect(() => describeForward(net(port(80))).url(asked as number)).toThrow(
      refused(new RegExp(`got \`${JSON.stringify(asked)}\`\\n {2}forwarded: tcp/80`)),
    );
  });
});

describe('putOnNetwork', () => {
  const builder = (networkMode?: string) => {
    const calls: unknown[] = [];
    const record = (name: string) => (value: unknown) => void calls.push([name, value]);
    return { networkMode, calls, withNetworkMode: record('mode'), withExtraHosts: record('hosts') };
  };

  it.each([undefined, 'lhf-abcde123'])('gives a builder on %s network and name, and returns it', (networkMode) => {
    const given = builder(networkMode);
    expect(putOnNetwork(given, net())).toBe(given);
    expect(given.calls).toEqual([
      ['mode', 'lhf-abcde123'],
      ['hosts', [{ host: 'host.docker.internal', ipAddress: '198.18.0.1' }]],
    ]);
  });

  it('gives a builder each name', () => {
    const given = builder();
    putOnNetwork(given, { ...net(), hostnames: ['a', 'b'] });
    expect(given.calls.at(-1)).toEqual(['hosts', ['a', 'b'].map((host) => ({ host, ipAddress: '198.18.0.1' }))]);
  });

  it('leaves one on another network as it is', () => {
    const given = builder('theirs');
    expect(() => putOnNetwork(given, net())).toThrow(
      refused(
        /on no network yet, got one on `theirs`, which it can join when it runs on lhf-abcde123\nTry: docker network connect theirs <container>/,
      ),
    );
    for (const name of ['lhf-other123', 'zz-lhf-other123'])
      expect(() => putOnNetwork(builder(name), net())).toThrow(
        refused(/another forward's: one takes several ports\nTry: openLocalhostForward\(\[8088, 9090\]\)/),
      );
    for (const mode of ['host', 'none', 'container:73b7'])
      expect(() => putOnNetwork(builder(mode), net())).toThrow(
        refused(new RegExp(`got one on \`${mode}\`\\nTry: net.applyTo\\(new GenericContainer`)),
      );
    expect(given.calls).toEqual([]);
  });

  it.each([undefined, null, 'nginx', {}, Object.create(null), { withNetworkMode: () => undefined }])(
    'refuses %o',
    (given: unknown) => {
      expect(() => putOnNetwork(given, net())).toThrow(refused(/to be a testcontainers builder/));
    },
  );
});
