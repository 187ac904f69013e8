import Docker from 'dockerode';
import { randomWord, readOwner, renderSession, type Owner } from '../../src/ownership/owner.ts';
import { labels, namesOf } from '../../src/plan/names.ts';
import { execHere, outputOf } from '../support/run.ts';

/** When all of it was made, by its label. */
export const created = Date.parse('2026-01-01T00:00:00Z');

const docker = new Docker();

let left = 0;

/**
 * What an owner other than this process has, whole: network, rules of both kinds, an accept in `inet strangers input`, a guard.
 * The change is to this process as an owner.
 */
export const leave = async (change: Partial<Owner>) => {
  const owner = { ...readOwner(), nonce: randomWord(5), ...change };
  const session = renderSession(owner);
  const names = namesOf(`${owner.nonce}${randomWord(3)}`);
  const mark = `lhf:${names.bridge}:${session}`;
  const marks = {
    [labels.session]: session,
    [labels.created]: new Date(created).toISOString(),
    [labels.bridge]: names.bridge,
  };
  const network = await docker.createNetwork({
    Name: names.network,
    IPAM: { Driver: 'default', Config: [{ Subnet: `198.51.100.${16 * (left += 1)}/28` }] },
    Options: { 'com.docker.network.bridge.name': names.bridge },
    Labels: marks,
  });
  await outputOf(execHere, ['sysctl', '-w', `net.ipv4.conf.${names.bridge}.route_localnet=1`]);
  for (const command of [
    `add table ip ${names.guardTable} { comment "${mark}"; }`,
    `add table ip ${names.table} { comment "${mark}"; }`,
    `add table ip ${names.hopsTable} { comment "${mark}"; }`,
    `add rule inet strangers input iifname "${names.bridge}" accept comment "${mark}"`,
  ]) {
    await outputOf(execHere, ['nft', command]);
  }
  await outputOf(execHere, ['iptables', '-t', 'nat', '-N', names.chain]);
  await outputOf(execHere, [
    'iptables',
    '-t',
    'nat',
    '-A',
    'PREROUTING',
    '-i',
    names.bridge,
    '-m',
    'comment',
    '--comment',
    mark,
    '-j',
    names.chain,
  ]);
  return { names, session, networkId: network.id };
};
