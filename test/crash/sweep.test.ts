import Docker from 'dockerode';
import { expect, test } from 'vitest';
import { sweep } from '../../src/index.ts';
import { listForwards } from '../../src/lifecycle/list-forwards.ts';
import { randomWord, readOwner, renderSession, type Owner } from '../../src/owner.ts';
import { labels, namesOf } from '../../src/plan/names.ts';
import { startUserContainer } from './container.ts';
import { execHere, outputOf } from '../support/run.ts';
import { takeState, differenceAtLast } from './trace.ts';

const docker = new Docker();
const created = Date.parse('2026-01-01T00:00:00Z');
const hour = 60 * 60 * 1000;

const byText = (a: string, b: string): number => a.localeCompare(b);

let left = 0;

// What a dead or distant owner left, whole: network, rules of both kinds, an accept, a guard.
const leave = async (change: Partial<Owner>) => {
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

test('a sweep removes the dead, spares the living and the distant until they are old, and tells each', async () => {
  const clean = await takeState();
  await outputOf(execHere, [
    'nft',
    'add table inet strangers; add chain inet strangers input { type filter hook input priority 7; }; add rule inet strangers input tcp dport 9 accept',
  ]);
  const dead = await leave({ startTime: 1 });
  const rebooted = await leave({ boot: '00000000' });
  const distant = await leave({ pidNamespace: 1 });
  const living = await leave({});
  const container = await startUserContainer(docker, {
    network: dead.names.network,
    name: `user-of-${dead.names.bridge}`,
  });

  const young = await sweep({ now: () => created + hour });
  const bridges = (found: readonly { bridge?: string }[]) =>
    [...new Set(found.map(({ bridge }) => bridge ?? ''))].toSorted(byText);
  expect(young.failed).toEqual([]);
  expect(bridges(young.removed)).toEqual([dead.names.bridge, rebooted.names.bridge].toSorted(byText));
  const kinds = young.removed.filter(({ bridge }) => bridge === dead.names.bridge).map(({ kind }) => kind);
  // What lets packets in first, the guard last.
  expect([kinds.slice(0, 1), kinds.slice(1, 5).toSorted(byText), kinds.slice(5)]).toEqual([
    ['sysctl'],
    ['accept', 'rules', 'rules', 'rules'],
    ['network', 'guard'],
  ]);
  expect(bridges(young.spared)).toEqual(expect.arrayContaining([distant.names.bridge, living.names.bridge]));
  expect(young.spared.find(({ bridge }) => bridge === living.names.bridge)?.reason).toBe(
    `its owner, process ${process.pid}, is alive`,
  );
  expect((await container.inspect()).State.Running).toBe(true);
  await container.remove({ force: true });
  const listed = await listForwards();
  expect(listed.map(({ id, alive }) => [`lhf-${id}`, alive])).toEqual(
    expect.arrayContaining([
      [distant.names.bridge, 'elsewhere'],
      [living.names.bridge, 'alive'],
    ]),
  );

  // A day later the network goes; its rules wait for one more look, in case somebody is opening.
  const old = await sweep({ now: () => created + 25 * hour });
  expect(old.removed).toContainEqual(expect.objectContaining({ kind: 'network', bridge: distant.names.bridge }));
  await sweep({ now: () => created + 25 * hour });
  expect((await sweep({ all: true })).failed).toEqual([]);
  await outputOf(execHere, ['nft', 'delete table inet strangers']);
  expect(await differenceAtLast(clean)).toBe('');
});
