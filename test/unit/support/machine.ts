import type { EngineFacts } from '../../../src/engine/facts.ts';
import type { HostFacts } from '../../../src/host/facts.ts';

interface Machine {
  readonly host: HostFacts;
  readonly engine: EngineFacts;
}

/** A Linux host and a local Docker on which all works, with what a test wants to be different. */
export const machineWith = ({
  host,
  engine,
}: { host?: Partial<HostFacts>; engine?: Partial<EngineFacts> } = {}): Machine => ({
  host: {
    platform: 'linux',
    uid: 0,
    sudo: false,
    kernel: '6.1.0',
    nft: { version: '1.0.6' },
    iptables: { version: '1.8.9', variant: 'nf_tables' },
    netAdmin: true,
    ...host,
  },
  engine: {
    name: 'Docker',
    version: '28.5.0',
    rootless: false,
    remote: false,
    vm: undefined,
    reachesLoopbackBy: undefined,
    bridgeStands: 'always',
    joinsNetworkBy: 'id',
    firewallBackend: 'iptables',
    endpoint: 'unix:///var/run/docker.sock',
    ...engine,
  },
});
