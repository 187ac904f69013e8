import Docker from 'dockerode';
import { randomWord, readOwner, renderSession, type Owner } from '../../src/ownership/owner.ts';
import { labels, namesOf } from '../../src/ownership/names.ts';
import { execHere, outputOf } from '../support/run.ts';

/** When all of it was made, by its label. */
export const created = Date.parse('2026-01-01T00:00:00Z');

const docker = new Docker();

let left = 0;

/**
 * What an owner other than this process has, whole: network, the counters of a diagnosis, iptables' chains, an accept in
 * `inet strangers input`, a guard. The change is to this process as an owner.
 */
export const leave = async (change: Partial<Owner>) => {
  const owner = { ...readOwner(), nonce: randomWord(5), ...change };
  const session = renderSession(owner);
  const names = namesOf(`${owner.nonce}${randomWord(3)}`);
  const guard = `lhf_guard_${owner.nonce}`;
  const marks = {
    [labels.session]: session,
    [labels.created]: new Date(created).toISOString(),
    [labels.bridge]: names.bridge,
  };
  const nth = (left += 1);
  const network = await docker.createNetwork({
    Name: names.network,
    IPAM: { Driver: 'default', Config: [{ Subnet: `198.51.${100 + (nth >> 4)}.${16 * (nth & 15)}/28` }] },
    Options: { 'com.docker.network.bridge.name': names.bridge },
    Labels: marks,
  });
  await outputOf(execHere, ['sysctl', '-w', `net.ipv4.conf.${names.bridge}.route_localnet=1`]);
  for (const command of [
    `add table ip ${guard} { comment "lhf:${owner.nonce}:${session}"; }`,
    `add set ip ${guard} bridges { type ifname; }`,
    `add element ip ${guard} bridges { "${names.bridge}" }`,
    `add table ip ${names.hopsTable} { comment "lhf:${names.bridge}:${session}"; }`,
    `add rule inet strangers input iifname "${names.bridge}" accept comment "lhf:${names.bridge}:${session}"`,
  ])
    await outputOf(execHere, ['nft', command]);
  await outputOf(execHere, ['sh', '-ec', leaveChains, 'leave', owner.nonce, names.bridge, session]);
  return { names, guard, session, networkId: network.id };
};

// The chain that all share, the process's own, the forward's.
const leaveChains = `
if ! iptables -t nat -S LHF > /dev/null 2>&1; then iptables -t nat -N LHF; iptables -t nat -I PREROUTING -i lhf-+ -j LHF; fi
iptables -t nat -N "LHF-$1"
iptables -t nat -N "LHF-$2"
iptables -t nat -A LHF -i "lhf-$1+" -m comment --comment "lhf:$1:$3" -j "LHF-$1"
iptables -t nat -A "LHF-$1" -i "$2" -m comment --comment "lhf:$2:$3" -j "LHF-$2"
`;
