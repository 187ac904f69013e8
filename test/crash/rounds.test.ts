import { setTimeout as delay } from 'node:timers/promises';
import Docker from 'dockerode';
import { expect, test } from 'vitest';
import { openLocalhostForward, sweep } from '../../src/index.ts';
import { projectRoot, spawnScript, type Script } from '../support/children.ts';
import { openRandom } from '../support/random.ts';
import { execHere, outputOf } from '../support/run.ts';
import { startOpener, takeState, tracesOf, tracesAtLast, differenceAtLast } from './trace.ts';

const rounds = Number(process.env['LHF_TEST_ROUNDS'] ?? 4);

// What a stranger has, named so that only a mark could tell it from ours.
const strangers = [
  ['nft', 'add table ip lhf_hops_abcdefgh { comment "mine"; }'],
  ['nft', 'add table ip lhf_guard_abcde'],
  ['nft', 'add chain ip lhf_guard_abcde lhf { type filter hook input priority 5; }'],
  ['nft', 'add rule ip lhf_guard_abcde lhf iifname "lhf-abcdefgh" accept comment "lhf:mine"'],
  ['iptables', '-t', 'nat', '-N', 'LHF-mine'],
  [
    'iptables',
    '-t',
    'nat',
    '-A',
    'PREROUTING',
    '-i',
    'lhf-abcdefgh',
    '-m',
    'comment',
    '--comment',
    'lhf:lhf-abcdefgh',
    '-j',
    'LHF-mine',
  ],
  ['iptables', '-A', 'FORWARD', '-i', 'lhf-abcdefgh', '-m', 'comment', '--comment', 'lhf mine', '-j', 'ACCEPT'],
] as const;

test(
  `${rounds} rounds: living forwards and strangers' things are never swept`,
  { timeout: 60_000 + rounds * 5_000 },
  async () => {
    const random = openRandom('rounds');
    const clean = await takeState();
    const network = await new Docker().createNetwork({
      Name: 'lhf-abcdefgh',
      IPAM: { Driver: 'default', Config: [{ Subnet: '198.51.100.0/28' }] },
      Options: { 'com.docker.network.bridge.name': 'lhf-abcdefgh' },
      Labels: { 'localhost-forward': 'mine' },
    });
    for (const argv of strangers) await outputOf(execHere, argv);
    await outputOf(execHere, ['sysctl', '-w', 'net.ipv4.conf.lhf-abcdefgh.route_localnet=1']);
    // Two that live through it all, one of each kind.
    await using living = await openLocalhostForward(8088, { strategy: 'nftables', verify: false });
    await using other = startOpener('iptables', 'obey');
    await other.waitForLine(/^open /);
    const before = await takeState();
    const otherBefore = await tracesOf(other.process.pid);

    const dead: Script[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const strategy = round % 2 === 0 ? 'nftables' : 'iptables';
      const killed = startOpener(strategy, 'live');
      await using leaving = startOpener(strategy, 'close');
      await using sweeping = spawnScript({ file: `${projectRoot}test/crash/programs/sweeper.ts` });
      await delay(random.int(100, 900));
      await Promise.all([killed.kill('SIGKILL'), sweep(), ends(leaving), ends(sweeping)]);
      dead.push(killed);
    }

    for (const { process: gone } of dead) expect(await tracesAtLast(gone.pid)).toEqual([]);
    expect(await differenceAtLast(before)).toBe('');
    expect(await tracesOf(other.process.pid)).toEqual(otherBefore);
    const { spared } = await sweep();
    expect(spared.map(({ bridge }) => bridge)).toContain(living.bridgeName);

    await living.close();
    other.send('close');
    await other.waitForLine('closed');
    other.send('exit');
    await ends(other);
    for (const argv of removal) await outputOf(execHere, argv);
    await network.remove();
    expect(await differenceAtLast(clean)).toBe('');
  },
);

const ends = async (script: Script): Promise<void> =>
  expect(await script.exit, script.stderr()).toEqual({ code: 0, signal: null });

const removal = [
  ['nft', 'delete table ip lhf_hops_abcdefgh; delete table ip lhf_guard_abcde'],
  ['iptables', '-t', 'nat', '-D', ...strangers[5].slice(4)],
  ['iptables', '-t', 'nat', '-X', 'LHF-mine'],
  ['iptables', '-D', ...strangers[6].slice(2)],
] as const;
