import type { Privileges } from '../privilege/privileges.ts';
import { probeAddressOf } from '../plan/probe-address.ts';
import { renderMark, type Names } from '../plan/names.ts';

/** Packets of our probe, counted at each hop of their way in and back. */
export interface HopCounts {
  /** Arrived from the bridge. */
  readonly saw: number;
  /** Arrived from another interface, for a port of ours: a container dials another gateway. */
  readonly elsewhere: number;
  /** After translation, before any filter. */
  readonly translated: number;
  /** At the first and the last hook of INPUT. */
  readonly inputEarly: number;
  readonly inputLate: number;
  /** The service's answer, before and after the filters of OUTPUT and POSTROUTING. */
  readonly outputEarly: number;
  readonly outputLate: number;
}

interface Dialled {
  readonly protocol: 'tcp' | 'udp';
  readonly containerPort: number;
}

/*
 * A table beside all others that counts and drops nothing. Each counter stands before or after everybody else's filters, so that the pair
 * around a filter tells whether it dropped. What the probe sends is also marked for the kernel's trace, which names the very rule.
 */
const renderTable = (names: Names, session: string, { protocol, containerPort }: Dialled): string => {
  const ours = `iifname "${names.bridge}" ether saddr ${probeAddressOf(names.bridge)}`;
  // Nothing else leaves from 127/8 to anywhere but 127/8; before conntrack's own hook there is no other way to tell.
  const back = 'ip saddr 127.0.0.0/8 ip daddr != 127.0.0.0/8';
  return `
table ip ${names.hopsTable} {
  comment "${renderMark(names.bridge, session)}"
  counter saw { }
  counter elsewhere { }
  counter translated { }
  counter inputEarly { }
  counter inputLate { }
  counter outputEarly { }
  counter outputLate { }
  chain arrive {
    type filter hook prerouting priority -450; policy accept;
    ${ours} ${protocol} dport ${containerPort} counter name saw meta nftrace set 1
    iifname != "${names.bridge}" iifname != "lo" fib daddr type local ${protocol} dport ${containerPort} counter name elsewhere
  }
  chain translated {
    type filter hook prerouting priority -99; policy accept;
    iifname "${names.bridge}" ip daddr 127.0.0.0/8 ct status dnat counter name translated
  }
  chain early {
    type filter hook input priority -2147483648; policy accept;
    iifname "${names.bridge}" ip daddr 127.0.0.0/8 ct status dnat counter name inputEarly
  }
  chain late {
    type filter hook input priority 2147483646; policy accept;
    iifname "${names.bridge}" ip daddr 127.0.0.0/8 ct status dnat counter name inputLate
  }
  chain answer {
    type filter hook output priority -2147483648; policy accept;
    ${back} counter name outputEarly meta nftrace set 1
  }
  chain leave {
    type filter hook postrouting priority 2147483646; policy accept;
    oifname "${names.bridge}" ct status dnat ct direction reply counter name outputLate
  }
}
`;
};

/** Puts the counters in; the reason is returned where that fails, as on a host without nft. */
export const installHops = async (names: Names, session: string, dialled: Dialled, privileges: Privileges): Promise<string | undefined> => {
  const { exitCode, stderr, failure } = await privileges.run(['nft', '-f', '-'], { input: renderTable(names, session, dialled) });
  return exitCode === 0 ? undefined : (failure ?? stderr.trim());
};

/** Takes the counters out again; gone is what was wanted. */
export const removeHops = async (names: Names, privileges: Privileges): Promise<void> => {
  await privileges.run(['nft', 'delete', 'table', 'ip', names.hopsTable]);
};

export const readHops = async (names: Names, privileges: Privileges): Promise<HopCounts | undefined> => {
  const { stdout, exitCode } = await privileges.run(['nft', 'list', 'counters', 'table', 'ip', names.hopsTable]);
  return exitCode === 0 ? parseHops(stdout) : undefined;
};

export const parseHops = (listing: string): HopCounts => {
  const read = (name: keyof HopCounts): number => Number(new RegExp(String.raw`counter ${name} \{\s*packets (\d+)`).exec(listing)?.[1] ?? 0);
  return {
    saw: read('saw'),
    elsewhere: read('elsewhere'),
    translated: read('translated'),
    inputEarly: read('inputEarly'),
    inputLate: read('inputLate'),
    outputEarly: read('outputEarly'),
    outputLate: read('outputLate'),
  };
};
