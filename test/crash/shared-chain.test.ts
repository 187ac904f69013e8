import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { doctor, findTraces, sweep, type SweepReport } from '../../src/index.ts';
import { projectRoot, spawnScript } from '../support/children.ts';
import { requirePlace } from '../support/place.ts';
import { openPrograms } from '../support/programs.ts';
import { execHere, outputOf, type Spawn } from '../support/run.ts';
import { until } from '../support/until.ts';
import { startOpener } from './trace.ts';

// What all processes share in iptables comes with the first one and goes with the last, whoever the others are.
requirePlace();

const opening = async (options: { readonly spawn?: Spawn } = {}) => {
  const script = startOpener('iptables', 'obey', options);
  const [, bridge = ''] = (await script.waitForLine(/^open /)).split(' ');
  return {
    bridge,
    close: (answer: 'closed' | RegExp = 'closed') => {
      script.send('close');
      return script.waitForLine(answer);
    },
    [Symbol.asyncDispose]: () => script[Symbol.asyncDispose](),
  };
};

const listOurs = async (): Promise<string[]> =>
  (await outputOf(execHere, ['iptables-save'])).split('\n').filter((line) => line.includes('LHF'));

const doors = async (): Promise<string[]> =>
  (await listOurs()).filter((line) => line.startsWith('-A PREROUTING') && line.endsWith(' -j LHF'));

test('others’ packets meet one rule of ours, and none and no chain once the last of two has closed', async () => {
  expect(await listOurs()).toEqual([]);
  await using one = await opening();
  await using two = await opening();
  expect(await doors()).toEqual(['-A PREROUTING -i lhf-+ -m addrtype --dst-type LOCAL -j LHF']);
  await one.close();
  expect((await listOurs()).join('\n')).not.toContain(one.bridge);
  expect((await listOurs()).join('\n')).toContain(`-j LHF-${two.bridge}`);
  await two.close();
  expect(await listOurs()).toEqual([]);
});

test('processes that come and go at the same time leave nothing, and are not in each other’s way', async () => {
  const rounds = Array.from({ length: 4 }, async () => {
    for (let round = 0; round < 2; round += 1) {
      await using net = await opening();
      expect((await listOurs()).join('\n')).toContain(`-j LHF-${net.bridge}`);
      // Others change the chain while it is listed, rule by rule.
      await until(async () => (await doors()).length > 0, { what: 'the rule that leads to all of ours' });
      await net.close();
    }
  });
  await Promise.all(rounds);
  expect(await listOurs()).toEqual([]);
});

test('what is flushed before nft is told of anything comes back as well', async () => {
  await using programs = await openPrograms({
    nft: `if [ "$1" = monitor ]; then while ! [ -e "${tmpdir()}/flushed" ]; do sleep 0.02; done; fi; exec "$REAL" "$@"`,
  });
  await using one = await opening(programs);
  const ours = await listOurs();
  await outputOf(execHere, ['iptables', '-t', 'nat', '-F']);
  expect(await listOurs()).not.toEqual(ours);
  await writeFile(join(tmpdir(), 'flushed'), '');
  await until(async () => (await listOurs()).join() === ours.join(), { timeoutMs: 30_000, what: 'the rules' });
  await one.close();
  expect(await listOurs()).toEqual([]);
});

test('whoever comes while the last one leaves, between two looks of his, is reached', async () => {
  await using programs = await openPrograms({
    // What leads in is listed by two programs.
    iptables: `case "$*" in
      *"-S PREROUTING") "$REAL" "$@"; : > "${tmpdir()}/looked" ;;
      *"-S LHF") while ! [ -e "${tmpdir()}/left" ]; do sleep 0.02; done; exec "$REAL" "$@" ;;
      *) exec "$REAL" "$@" ;;
    esac`,
  });
  await using one = await opening();
  const coming = opening(programs);
  await until(() => existsSync(join(tmpdir(), 'looked')), { what: 'the first look' });
  await one.close();
  await writeFile(join(tmpdir(), 'left'), '');
  await using next = await coming;
  expect(await doors()).toHaveLength(1);
  await next.close();
  expect(await listOurs()).toEqual([]);
});

const leaveEmpty = (): Promise<string> => {
  const rules = ['*nat', ':LHF - [0:0]', '-A PREROUTING -i lhf-+ -m addrtype --dst-type LOCAL -j LHF', 'COMMIT', ''];
  return outputOf(execHere, ['sh', '-c', 'printf "$0" | iptables-restore --noflush', rules.join('\n')]);
};

describe('whoever was to be the last was killed on the way out:', () => {
  test('the next opening takes what all share, with whichever strategy', async () => {
    await leaveEmpty();
    expect(await doors()).toHaveLength(1);
    await using next = startOpener('nftables', 'close');
    expect(await next.exit, next.stderr()).toEqual({ code: 0, signal: null });
    expect(await listOurs()).toEqual([]);
  });

  test('a sweep takes and tells it, and leaves it to those who are in it', async () => {
    await leaveEmpty();
    const bare = { bridge: '', owner: null, things: ['rules iptables nat: LHF'] };
    expect((await doctor()).left).toContainEqual(bare);
    expect((await sweep()).removed).toEqual([{ kind: 'rules', name: 'iptables nat: LHF' }]);
    expect(await listOurs()).toEqual([]);
    await using net = await opening();
    expect((await doctor()).left).not.toContainEqual(bare);
    expect((await sweep()).removed).toEqual([]);
    expect(await doors()).toHaveLength(1);
    await net.close();
    expect(await listOurs()).toEqual([]);
  });
});

test('a sweep whose removal of it is refused says so, and ends with 1', async () => {
  await leaveEmpty();
  await using programs = await openPrograms({ 'iptables-restore': 'cat > /dev/null; echo refused >&2; exit 1' });
  await using script = spawnScript({
    file: `${projectRoot}dist/cli.js`,
    args: ['sweep', '--json'],
    spawn: programs.spawn,
  });
  expect(await script.exit, script.stderr()).toEqual({ code: 1, signal: null });
  expect((JSON.parse(script.lines.join('\n')) as SweepReport).failed).toEqual([
    { kind: 'rules', name: 'iptables nat: LHF', reason: 'nobody is in it, and its removal was refused' },
  ]);
  await sweep();
  expect(await listOurs()).toEqual([]);
});

test('what all share is a trace of whoever had a part in it, once nobody is in it any more', async () => {
  await using net = await opening();
  const traces = () =>
    findTraces({ networkName: net.bridge, bridgeName: net.bridge, strategy: 'iptables', privilege: 'root' });
  {
    await using other = await opening();
    await net.close();
    expect(await traces()).toEqual([]);
    await other.close();
  }
  await leaveEmpty();
  expect(await traces()).toEqual(['rules iptables nat: LHF']);
  await sweep();
  expect(await traces()).toEqual([]);
});

test('a rule of somebody’s that keeps it is told by close(), which can be tried again', async () => {
  await using net = await opening();
  await outputOf(execHere, ['iptables', '-t', 'nat', '-A', 'OUTPUT', '-j', 'LHF']);
  const said = await net.close(/^said /);
  expect(said).toMatch(/"code":"LHF_ERR_CLOSE"/);
  expect(said).toMatch(
    /could not be removed for lhf-\w+: iptables-restore v\S+ \(nf_tables\): line \d+: CHAIN_DEL failed \(\w[^)]*\): chain LHF\\n/,
  );
  await outputOf(execHere, ['iptables', '-t', 'nat', '-D', 'OUTPUT', '-j', 'LHF']);
  await net.close();
  expect(await listOurs()).toEqual([]);
});

test('a rule that somebody else put there meanwhile stays', async () => {
  const foreign = ['PREROUTING', '-i', 'lhf-stranger', '-j', 'RETURN'];
  await using net = await opening();
  await outputOf(execHere, ['iptables', '-t', 'nat', '-A', ...foreign]);
  await net.close();
  const after = await outputOf(execHere, ['iptables', '-t', 'nat', '-S', 'PREROUTING']);
  await outputOf(execHere, ['iptables', '-t', 'nat', '-D', ...foreign]);
  expect(after).toContain(`-A ${foreign.join(' ')}`);
  expect(await listOurs()).toEqual([]);
});
