import Docker from 'dockerode';
import { describe, expect, test } from 'vitest';
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

describe('rules that bear marks of ours, whoever wrote them', () => {
  test('take nothing of a living forward along, and go only where they are what ours are', async () => {
    await using net = await openLocalhostForward(8088, { strategy: 'iptables', verify: false });
    const nonce = net.id.slice(0, 5);
    const gone = (of: string): string => renderSession({ ...readOwner(), startTime: 1, nonce: of });
    const list = (): Promise<string> =>
      outputOf(execHere, ['sh', '-c', 'iptables-save -t nat; iptables-save -t filter']);
    const own = async (): Promise<string[]> => (await list()).split('\n').filter((line) => line.includes(nonce));
    const had = await own();
    expect(had.length).toBeGreaterThan(3);
    const add = (...rule: readonly string[]): Promise<string> => outputOf(execHere, ['iptables', ...rule]);
    const comment = (text: string): string[] => ['-m', 'comment', '--comment', text];
    // A dead session's word with the living one's nonce; a mark on a rule that does something else; and lines within a comment.
    await add('-t', 'nat', '-A', 'POSTROUTING', ...comment(`lhf:${nonce}:${gone(nonce)}`), '-j', 'RETURN');
    await add('-t', 'nat', '-A', 'LHF', '-i', 'x+', ...comment(`lhf:${nonce}:${gone(nonce)}`), '-j', `LHF-${nonce}`);
    await add('-A', 'INPUT', '-s', '192.0.2.1', ...comment(`lhf:abcde:${gone('abcde')}`), '-j', 'DROP');
    await add(
      '-t',
      'nat',
      '-A',
      'PREROUTING',
      ...comment(`a\n:LHF-fghij - [0:0]\n-A LHF -i lhf-fghij+ -j LHF-fghij\n`),
      '-j',
      'RETURN',
    );
    // And one that is ours, left by somebody dead.
    const left = ['-i', 'lhf-abcde+', '-d', '127.0.0.0/8', ...comment(`lhf:abcde:${gone('abcde')}`), '-j', 'ACCEPT'];
    await add('-A', 'INPUT', ...left);
    await add('-t', 'nat', '-N', 'LHF-klmno');
    await add(
      '-t',
      'nat',
      '-A',
      'LHF',
      '-i',
      'lhf-klmno+',
      ...comment(`lhf:klmno:${gone('klmno')}`),
      '-j',
      'LHF-klmno',
    );
    const { removed, failed } = await sweep();
    expect(failed).toEqual([]);
    expect(removed.map(({ kind, name }) => `${kind} ${name}`)).toEqual(
      expect.arrayContaining(['accept ip filter INPUT', 'rules iptables nat: LHF-klmno']) as string[],
    );
    const now = await list();
    expect(had.filter((line) => !now.includes(line))).toEqual([]);
    expect(now).not.toMatch(/LHF-klmno|lhf:abcde.*-j ACCEPT/);
    expect(now).toMatch(/lhf:abcde.*-j DROP/);
    expect(now).toContain('-A LHF -i lhf-fghij+ -j LHF-fghij');
    for (const rule of [
      ['-D', 'INPUT', '-s', '192.0.2.1', ...comment(`lhf:abcde:${gone('abcde')}`), '-j', 'DROP'],
      ['-t', 'nat', '-F', 'POSTROUTING'],
      [
        '-t',
        'nat',
        '-D',
        'PREROUTING',
        ...comment(`a\n:LHF-fghij - [0:0]\n-A LHF -i lhf-fghij+ -j LHF-fghij\n`),
        '-j',
        'RETURN',
      ],
    ])
      // oxlint-disable-next-line no-await-in-loop
      if (rule[2] !== '-F') await add(...rule);
  });
});
