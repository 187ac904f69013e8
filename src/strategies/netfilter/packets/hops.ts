import { renderMark, type Names } from '../../../ownership/names.ts';
import type { Privileges } from '../../../privilege/privileges.ts';
import { complaintOf, isAbsent } from '../../listed.ts';
import type { HopCounts, Stray } from '../../packets.ts';

export interface Hops {
  readonly counts: HopCounts;
  readonly strays: readonly Stray[];
}

export interface HopsPlan {
  readonly names: Names;
  /** The mark's session word. */
  readonly session: string;
  readonly protocol: 'tcp' | 'udp';
  readonly containerPort: number;
  readonly targetPort: number;
  /** What our probes send from. */
  readonly probeAddress: string;
}

/*
 * A table beside all others that counts and drops nothing. Each counter stands before or after everybody else's filters, so that the pair
 * around a filter tells whether it dropped. Only what our probe sends and gets is counted, and marked for the kernel's trace, which names
 * the very rule. One that an earlier diagnosis left behind when it was killed is replaced.
 */
export const renderHops = ({ names, session, protocol, containerPort, targetPort, probeAddress }: HopsPlan): string => {
  // By where the answer comes from, too, so that what another rule translated elsewhere does not count.
  const flow = `meta l4proto ${protocol} ct original proto-dst ${containerPort} ct reply ip saddr 127.0.0.1 ct reply proto-src ${targetPort}`;
  // Its two ends as the connection began, whatever rules of others have made of its sender since.
  const accept = `ct direction reply ct original ip saddr ${probeAddress} ${flow} tcp flags & (syn | ack) == syn | ack`;
  const inward = `ip saddr @probes ct status dnat ${flow}`;
  return `
add table ip ${names.hopsTable}
delete table ip ${names.hopsTable}
table ip ${names.hopsTable} {
  comment "${renderMark(names.bridge, session)}"
  set probes { type ipv4_addr; flags dynamic; size 16; }
  set strays { type ipv4_addr . ipv4_addr; flags dynamic; size 64; }
  counter saw { }
  counter translated { }
  counter inputEarly { }
  counter inputLate { }
  counter outputEarly { }
  counter outputLate { }
  counter accepted { }
  chain arrive {
    type filter hook prerouting priority -450; policy accept;
    iifname "${names.bridge}" ip saddr ${probeAddress} ${protocol} dport ${containerPort} add @probes { ip saddr } counter name saw meta nftrace set 1
    iifname != "lhf-*" iifname != "lo" fib daddr type local ${protocol} dport ${containerPort} add @strays { ip saddr . ip daddr }
  }
  chain translated {
    type filter hook prerouting priority -99; policy accept;
    iifname "${names.bridge}" ${inward} counter name translated
  }
  chain early {
    type filter hook input priority -2147483648; policy accept;
    iifname "${names.bridge}" ${inward} counter name inputEarly
  }
  chain late {
    type filter hook input priority 2147483646; policy accept;
    iifname "${names.bridge}" ${inward} counter name inputLate
  }
  chain answer {
    type filter hook output priority -2147483648; policy accept;
    oifname "${names.bridge}" ip daddr @probes ${protocol} sport ${targetPort} counter name outputEarly meta nftrace set 1
  }
  chain leave {
    type filter hook postrouting priority 2147483646; policy accept;
    oifname "${names.bridge}" ip daddr @probes ct direction reply ${flow} counter name outputLate
    ${protocol === 'tcp' ? `${accept} counter name accepted` : ''}
  }
}
`;
};

/*
 * Marks what our probe sends before any rule of bridges meets it: those come before all that is counted, and see the bridge's ports in
 * place of the bridge. It counts nothing.
 */
const renderMarking = ({
  names: { hopsTable },
  protocol,
  containerPort,
  probeAddress,
}: Pick<HopsPlan, 'names' | 'protocol' | 'containerPort' | 'probeAddress'>): string => `
add table bridge ${hopsTable}
delete table bridge ${hopsTable}
table bridge ${hopsTable} {
  chain arrive {
    type filter hook prerouting priority -2147483648; policy accept;
    ip saddr ${probeAddress} ${protocol} dport ${containerPort} meta nftrace set 1
  }
}
`;

/** Puts the counters in, and tells whether they are: where nft was cut short they may be. */
export const installHops = async (plan: HopsPlan, privileges: Privileges): Promise<'in' | 'maybe' | 'no'> => {
  const { exitCode, failure = '' } = await privileges.run(['nft', '-f', '-'], { input: renderHops(plan) });
  if (exitCode !== 0) return /^took longer|^killed by|has ended/.test(failure) ? 'maybe' : 'no';
  // After the table that a killed diagnosis is known by; a kernel that has no tables of bridges has no rules in them, either.
  await privileges.run(['nft', '-f', '-'], { input: renderMarking(plan) });
  return 'in';
};

/** Takes the counters out again; gone is what was wanted. The reason is returned where they may still be there. */
export const removeHops = async ({ hopsTable }: Names, privileges: Privileges): Promise<string | undefined> => {
  // First: what is left of a diagnosis is known by the other.
  const ofBridges = await privileges.run(['nft', 'delete', 'table', 'bridge', hopsTable]);
  const ofIp = await privileges.run(['nft', 'delete', 'table', 'ip', hopsTable]);
  const stays = [ofBridges, ofIp].find((result) => result.exitCode !== 0 && !isAbsent(result));
  return stays && complaintOf(stays);
};

export const readHops = async (names: Names, privileges: Privileges): Promise<Hops | undefined> => {
  const { stdout, exitCode } = await privileges.run(['nft', 'list', 'table', 'ip', names.hopsTable]);
  return exitCode === 0 ? parseHops(stdout) : undefined;
};

export const parseHops = (listing: string): Hops => {
  const read = (name: keyof HopCounts): number =>
    Number(new RegExp(String.raw`counter ${name} \{\s*packets (\d+)`).exec(listing)?.[1] ?? 0);
  const strays = /\bset strays \{[^}]*elements = \{([^}]*)\}/.exec(listing)?.[1] ?? '';
  return {
    counts: {
      saw: read('saw'),
      translated: read('translated'),
      inputEarly: read('inputEarly'),
      inputLate: read('inputLate'),
      outputEarly: read('outputEarly'),
      outputLate: read('outputLate'),
      accepted: read('accepted'),
    },
    strays: [...strays.matchAll(/(\S+) \. ([^\s,]+)/g)].map(([, from = '', to = '']) => ({ from, to })),
  };
};
