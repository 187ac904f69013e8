import Docker from 'dockerode';
import { expect, test } from 'vitest';
import { sweep } from '../../src/index.ts';
import { listForwards } from '../../src/lifecycle/list-forwards.ts';
import { startUserContainer } from './container.ts';
import { created, leave } from './leave.ts';
import { execHere, outputOf } from '../support/run.ts';
import { takeState, differenceAtLast } from './trace.ts';

const docker = new Docker();
const hour = 60 * 60 * 1000;

const byText = (a: string, b: string): number => a.localeCompare(b);

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
