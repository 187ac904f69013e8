import { readFile } from 'node:fs/promises';
import Docker from 'dockerode';
import { startNode } from '../support/containers.ts';

/** A network of the engine's, with nothing of ours about it. */
export const openPlainNetwork = async () => {
  const name = `lhf-test-plain-${process.pid}`;
  const gateway = '198.19.255.241';
  const bridge = `lhft-${process.pid}`;
  const network = await new Docker().createNetwork({
    Name: name,
    Options: { 'com.docker.network.bridge.name': bridge },
    IPAM: { Driver: 'default', Config: [{ Subnet: '198.19.255.240/28', Gateway: gateway }] },
  });
  return {
    name,
    gateway,
    bridge,
    [Symbol.asyncDispose]: async () => void (await network.remove()),
  };
};

/** Whether 127/8 is open to the bridges that the engine itself makes, as Podman 5.8 has them: a network of nobody's tells. */
export const opensBridgesItself = async (): Promise<boolean> => {
  await using plain = await openPlainNetwork();
  // Some bridges stand only while a container is on them.
  await using container = await startNode({ networkName: plain.name });
  const isOpen = (await readFile(`/proc/sys/net/ipv4/conf/${plain.bridge}/route_localnet`, 'utf8')).trim() === '1';
  await container.remove();
  return isOpen;
};
