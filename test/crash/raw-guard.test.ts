import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { listenLines } from '../contract/streams.ts';
import { startNode } from '../support/containers.ts';
import { requirePlace } from '../support/place.ts';
import { openPrograms } from '../support/programs.ts';
import { execHere, outputOf } from '../support/run.ts';
import { until } from '../support/until.ts';
import { isWhole } from '../support/whole.ts';
import { startOpener, tracesAtLast } from './trace.ts';

// Where nft cannot hold tables, iptables' own table raw guards.
requirePlace();

const hosts: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'no nft': { nft: 'exit 1' },
  'an nft that fails at its start': { nft: 'if [ "$1" = -i ]; then exit 1; fi; exec "$REAL" "$@"' },
  // It serves one request after the other, each by a program of its own.
  'no nft, and an iptables-restore that reads ahead': {
    nft: 'exit 1',
    iptables: 'if [ "$1" = -V ]; then echo "iptables v1.8.4 (nf_tables)"; else exec "$REAL" "$@"; fi',
  },
};

const listOurs = async (table: string): Promise<string[]> =>
  (await outputOf(execHere, ['iptables-save', '-t', table])).split('\n').filter((line) => line.includes('LHF'));

describe.each(Object.keys(hosts).slice(0, isWhole ? undefined : 1))('%s', (host) => {
  const opening = async (act: 'live' | 'obey') => {
    const programs = await openPrograms(hosts[host] ?? {});
    const script = startOpener('iptables', act, { spawn: programs.spawn });
    const [, bridge = ''] = (await script.waitForLine(/^open /)).split(' ');
    return {
      script,
      bridge,
      [Symbol.asyncDispose]: async () => {
        await script[Symbol.asyncDispose]();
        await programs[Symbol.asyncDispose]();
      },
    };
  };

  test('the guard is in table raw, and nothing of it stays', async () => {
    await using opened = await opening('obey');
    const { script, bridge } = opened;
    const nonce = bridge.slice(4, 9);
    const raw = await listOurs('raw');
    expect(raw).toContain(`-A LHF-${nonce} -d 127.0.0.0/8 -j DROP`);
    expect(raw).toContain(`-A LHF-${nonce} -s 127.0.0.0/8 -j DROP`);
    for (const from of [String.raw`! -s 198\.\d+\.\d+\.\d+/27`, String.raw`-s 198\.\d+\.\d+\.\d+/32`])
      expect(raw.join('\n')).toMatch(
        new RegExp(`^-A LHF-${bridge} ${from} -m addrtype --dst-type LOCAL,BROADCAST,MULTICAST -j DROP$`, 'm'),
      );
    expect(raw).toContain('-A PREROUTING -i lhf-+ -j LHF');
    expect(await listOurs('nat')).toContain('-A PREROUTING -i lhf-+ -m addrtype --dst-type LOCAL -j LHF');
    script.send('change');
    expect(await script.waitForLine(/^changed/)).toBe('changed {"attempts":0,"connections":0,"packets":0,"bytes":0}');
    script.send('close');
    await script.waitForLine('closed');
    expect([...(await listOurs('raw')), ...(await listOurs('nat'))]).toEqual([]);
  });

  test('whichever rule somebody takes away is back with the next proof', async () => {
    await using opened = await opening('obey');
    const { script } = opened;
    const listed = async (): Promise<string[]> => {
      const tables = await Promise.all(['raw', 'nat'].map(async (table) => [table, await listOurs(table)] as const));
      return tables.flatMap(([table, lines]) => lines.map((line) => `${table} ${line.replace(/\[\d+:\d+\]/, '')}`));
    };
    script.send('addDatagrams');
    await script.waitForLine('added');
    script.send('verify');
    await script.waitForLine(/^(broken|verified)/);
    const whole = await listed();
    const rules = whole.filter((line) => / -A /.test(line));
    // The way in, the guards, what is foreign, what is our probe's, the traffic and translation of a port for connections and one for datagrams.
    expect(rules.length).toBeGreaterThanOrEqual(15);
    for (const rule of rules) {
      // Where an nft listens, the watch puts it back before anybody could look.
      const [table = '', , ...words] = rule.split(' ');
      await outputOf(execHere, ['iptables', '-t', table, '-D', ...words.map((word) => word.replaceAll('"', ''))]);
      const told = script.lines.length;
      script.send('verify');
      await until(() => script.lines.slice(told).some((line) => /^(broken|verified)/.test(line)), {
        what: `a proof without ${rule}`,
      });
      expect((await listed()).toSorted(), `without ${rule}`).toEqual(whole.toSorted());
    }
  });

  test('a killed process’s rules go, and its guard with its network', async () => {
    await using opened = await opening('live');
    await opened.script.kill('SIGKILL');
    expect(await tracesAtLast(opened.script.process.pid)).toEqual([]);
    expect([...(await listOurs('raw')), ...(await listOurs('nat'))]).toEqual([]);
  });
});

test('what is established goes on when nft, which failed at first, serves another forward of that process', async () => {
  const fails = await mkdtemp(join(tmpdir(), 'lhf-fails-'));
  onTestFinished(() => rm(fails, { recursive: true, force: true }));
  await using service = await listenLines();
  const nft = `if [ "$1" = -i ] && [ -e ${fails} ]; then exit 1; fi; exec "$REAL" "$@"`;
  await using programs = await openPrograms({ nft });
  await using opener = startOpener('iptables', 'obey', { spawn: programs.spawn, port: service.port });
  const [, networkName = '', gateway = ''] = (await opener.waitForLine(/^open /)).split(' ');
  expect(await listOurs('raw')).not.toEqual([]);
  await using caller = await startNode({ networkName });
  const { answer: held = -1 } = await caller.open(gateway, service.port);
  expect(await caller.ask(held, 'one')).toEqual({ answer: 'one' });
  await rm(fails, { recursive: true });
  opener.send('another nftables');
  // Of one session: the one table has what the other bridge's name begins with.
  expect((await opener.waitForLine(/^another /)).slice('another '.length, -3)).toBe(networkName.slice(0, -3));
  expect(await caller.ask(held, 'two')).toEqual({ answer: 'two' });
  const { answer: later = -1 } = await caller.open(gateway, service.port);
  expect(await caller.ask(later, 'three')).toEqual({ answer: 'three' });
  opener.send('close');
  await opener.waitForLine('closed');
  await opener.kill('SIGTERM');
  expect(await tracesAtLast(opener.process.pid)).toEqual([]);
});

test.each([
  ['ends with its port', {}, { error: 'ECONNRESET' }, ['one'], undefined],
  [
    'goes on where nothing can end it, which is told',
    { conntrack: 'echo "conntrack: Operation failed" >&2; exit 1' },
    { answer: 'two' },
    ['one', 'two'],
    'warning LHF_WARN_FLOWS',
  ],
])('what is established %s', async (_, more, second, received, warning) => {
  // The kernel follows connections for as long as a rule looks at them, as the engine's own do where it has a firewall.
  const follow = ['FORWARD', '-m', 'conntrack', '--ctstate', 'ESTABLISHED', '-j', 'ACCEPT'];
  await outputOf(execHere, ['iptables', '-A', ...follow]);
  onTestFinished(async () => void (await outputOf(execHere, ['iptables', '-D', ...follow])));
  await using service = await listenLines();
  await using programs = await openPrograms({ ...hosts['no nft'], ...more });
  await using opener = startOpener('iptables', 'obey', { spawn: programs.spawn, port: service.port });
  const [, networkName = '', gateway = ''] = (await opener.waitForLine(/^open /)).split(' ');
  await using caller = await startNode({ networkName });
  const { answer: held = -1 } = await caller.open(gateway, service.port);
  expect(await caller.ask(held, 'one')).toEqual({ answer: 'one' });
  opener.send('drop');
  await opener.waitForLine('dropped');
  if (warning !== undefined) await opener.waitForLine(new RegExp(`^${warning}`));
  expect(await caller.ask(held, 'two')).toEqual(second);
  expect(await caller.open(gateway, service.port)).toEqual({ error: 'ECONNREFUSED' });
  expect(service.received).toEqual(received);
  opener.send('close');
  await opener.waitForLine('closed');
});
