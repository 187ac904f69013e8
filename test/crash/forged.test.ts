import Docker from 'dockerode';
import { expect, test } from 'vitest';
import { openLocalhostForward, sweep } from '../../src/index.ts';
import { labels } from '../../src/ownership/names.ts';
import { readOwner, renderSession } from '../../src/ownership/owner.ts';
import { execHere, outputOf } from '../support/run.ts';
import { startOpener, tracesOf } from './trace.ts';

test('a network that claims a living forward’s bridge for a dead session takes nothing of it along', async () => {
  const docker = new Docker();
  await using net = await openLocalhostForward(8088, { strategy: 'nftables', verify: false });
  const nonce = net.id.slice(0, 5);
  const sysctl = `net.ipv4.conf.${net.bridgeName}.route_localnet`;
  const had = await tracesOf(process.pid);
  expect(had).toContain(sysctl);
  const dead = renderSession({ ...readOwner(), startTime: 1, nonce });
  // One of another name, and one of a name that the living session may choose next.
  const forge = (name: string, bridge: string, nth: number) =>
    docker.createNetwork({
      Name: name,
      IPAM: { Driver: 'default', Config: [{ Subnet: `198.51.100.${16 * nth}/28` }] },
      Labels: { [labels.session]: dead, [labels.bridge]: bridge },
      ...(name === bridge ? { Options: { 'com.docker.network.bridge.name': bridge } } : {}),
    });
  const stranger = await forge('strangers-own', net.bridgeName, 1);
  await forge(`lhf-${nonce}000`, `lhf-${nonce}000`, 2);
  await using opening = startOpener('nftables', 'close');
  expect(await opening.exit, opening.stderr()).toEqual({ code: 0, signal: null });
  await sweep();
  expect(await tracesOf(process.pid)).toEqual(had);
  expect(await outputOf(execHere, ['sysctl', '-n', sysctl])).toBe('1\n');
  await stranger.remove();
});
