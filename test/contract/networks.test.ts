import { isIP } from 'node:net';
import Docker from 'dockerode';
import { describe, expect, test } from 'vitest';
import { openLocalhostForward } from '../../src/index.ts';
import { gatewayOf } from '../../src/network/subnet.ts';
import { snapshotHere } from '../support/leftovers.ts';
import { expectNothingLeft } from './left.ts';
import { isPodman } from './podman.ts';
import { byWay, optionsOf } from './strategies.ts';

describe.each(byWay)('the network of a forward by $name with $privilege', (claims) => {
  const options = optionsOf(claims);

  test('is a small one of its own with our marks, and users’ labels beside them', async () => {
    await using net = await openLocalhostForward(8088, { ...options, labels: { team: 'blue' } });
    const docker = new Docker();
    const network = await docker.getNetwork(net.networkId).inspect();
    // Podman takes the option and does not tell it again.
    const isTold = !(await isPodman());
    expect(network).toMatchObject({
      Name: net.networkName,
      Driver: 'bridge',
      Internal: false,
      IPAM: { Config: [{ Subnet: net.subnet, Gateway: gatewayOf(net.subnet) }] },
      ...(isTold && { Options: { 'com.docker.network.bridge.name': net.bridgeName } }),
    });
    expect(net.gateway === gatewayOf(net.subnet)).toBe(claims.standsAtGateway);
    expect(net.bridgeName).toMatch(/^lhf-[0-9a-z]{8}$/);
    expect(net.bridgeName).toBe(`lhf-${net.id}`);
    expect(net.subnet).toMatch(/^198\.1[89]\.\d+\.\d+\/27$/);
    expect(Object.keys(network.Labels ?? {}).toSorted()).toEqual([
      'localhost-forward.bridge',
      'localhost-forward.created',
      'localhost-forward.owner',
      'localhost-forward.ports',
      'localhost-forward.session',
      'team',
    ]);
    expect(network.Labels).toMatchObject({ team: 'blue', 'localhost-forward.owner': String(process.pid) });
  });

  test('has the subnet that is asked for, and nobody else has it then', async () => {
    const subnet = '198.19.254.16/28';
    await using net = await openLocalhostForward([], { ...options, subnet });
    const elsewhere = claims.counts === 'nothing' ? 'host-gateway' : '198.19.254.29';
    expect(net).toMatchObject({ subnet, gateway: claims.standsAtGateway ? '198.19.254.17' : elsewhere });
    const before = await snapshotHere();
    await expect(openLocalhostForward([], { ...options, subnet: '198.19.254.0/27' })).rejects.toMatchObject({
      code: 'LHF_ERR_NETWORK',
      message: expect.stringMatching(/^The subnet 198\.19\.254\.0\/27 is taken: .*\nTry: docker network ls$/),
    });
    await expectNothingLeft(claims, before);
  });

  test('is handed on in each form that containers and commands take', async () => {
    await using net = await openLocalhostForward(
      { hostPort: 8088, containerPort: 80 },
      { ...options, hostname: 'host.internal' },
    );
    const entry = `host.internal:${net.gateway}`;
    expect(net.url()).toBe('http://host.internal:80');
    expect(net.extraHosts).toEqual([entry]);
    expect(net.dockerRunArgs).toEqual(['--network', net.networkName, '--add-host', entry]);
    expect(net.env).toEqual({
      LOCALHOST_FORWARD_NETWORK: net.networkName,
      LOCALHOST_FORWARD_HOST: 'host.internal',
      // What the engine alone knows has no address for a variable.
      LOCALHOST_FORWARD_GATEWAY: isIP(net.gateway) === 0 ? 'host.internal' : net.gateway,
      LOCALHOST_FORWARD_PORTS: '8088:80',
      LOCALHOST_FORWARD_URL: 'http://host.internal:80',
    });
    expect(JSON.parse(JSON.stringify(net))).toEqual({ ...net.toJSON() });
    expect(net.composeOverride(['web'])).toContain(`name: "${net.networkName}"`);
    expect(net.reasons.filter(({ chosen }) => chosen).map(({ strategy }) => strategy)).toEqual([claims.name]);
  });
});
