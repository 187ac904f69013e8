import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { doctor, openLocalhostForward } from '../../src/index.ts';
import { projectRoot, spawnScript } from '../support/children.ts';
import { renderDifference } from '../support/host-snapshot.ts';
import { snapshotHere } from '../support/leftovers.ts';
import { openPrograms, refuse, type Programs } from '../support/programs.ts';
import { startPrivateEngine } from '../support/private-engine.ts';
import { spawnHere, type Spawn } from '../support/run.ts';

/*
 * What the doctor says works, works, and nothing else does: on machines on which something looks well and fails when it is needed.
 */

interface Machine {
  readonly programs?: Readonly<Record<string, string>>;
  /** A command that starts the next one. */
  readonly enter?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What works there, the best first. */
  readonly works: readonly string[];
  /** Shown by LHF_TEST_ALL=1 alone. */
  readonly isRare?: true;
  /** Why nothing does. */
  readonly problem?: string;
}

const readOnly = 'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec "$@"';
const restoreRefuses = 'echo "iptables-restore: line 1 failed" >&2; exit 1';
const nftWithoutOwners =
  'if [ "$1" = -i ]; then exec sed -u "s/flags owner/flags stranger/" | "$REAL" "$@"; fi; exec "$REAL" "$@"';

const machines: Readonly<Record<string, Machine>> = {
  'cases 34 and 35: all is well': { works: ['nftables', 'iptables', 'relay', 'sidecar'], isRare: true },
  'case 35: /proc/sys is read-only': {
    enter: ['unshare', '--mount', 'sh', '-c', readOnly, 'sh'],
    // By a helper container, which has that file to write to.
    works: ['nftables', 'iptables', 'relay', 'sidecar'],
  },
  'case 19: another network namespace than the engine’s': { enter: ['unshare', '--net'], works: ['sidecar'] },
  'case 33: nft cannot start': {
    isRare: true,
    programs: { nft: refuse('-i', 'Operation not permitted (you must be root)') },
    works: ['iptables', 'relay', 'sidecar'],
  },
  'case 33: nft knows no owned tables after all': {
    isRare: true,
    programs: { nft: nftWithoutOwners },
    works: ['iptables', 'relay', 'sidecar'],
  },
  'case 33: iptables refuses': {
    isRare: true,
    programs: { 'iptables-restore': restoreRefuses },
    works: ['nftables', 'relay', 'sidecar'],
  },
  'case 33: both refuse': {
    programs: { nft: nftWithoutOwners, 'iptables-restore': restoreRefuses },
    works: ['relay', 'sidecar'],
  },
  'case 17: no subnet is left': {
    env: { LOCALHOST_FORWARD_SUBNET_POOL: '172.17.0.0/24' },
    works: [],
    problem: 'No free /27 is left in 172.17.0.0/24: networks and routes of this host have it all',
  },
};

const shown = Object.entries(machines).filter(
  ([, { isRare }]) => isRare !== true || process.env['LHF_TEST_ALL'] === '1',
);

const ask = async (spawn: Spawn, env: Machine['env'] = {}, node = process.execPath): Promise<object> => {
  const onNode: Spawn = ([, ...args], options) => spawn([node, ...args], options);
  await using script = spawnScript({ file: `${projectRoot}test/engine/programs/agree.ts`, spawn: onNode, env });
  return JSON.parse(await script.waitForLine(/^\{/)) as object;
};

test('doctor and opening agree, each on a machine of its own', async () => {
  const before = await snapshotHere();
  const outcomes = await Promise.all(
    shown.map(async ([name, { programs, enter = [], env }]) => {
      const system: Programs | undefined = programs && (await openPrograms(programs));
      const spawn: Spawn = (argv, options) => (system?.spawn ?? spawnHere)([...enter, ...argv], options);
      const outcome = await ask(spawn, env);
      await system?.[Symbol.asyncDispose]();
      return [name, outcome];
    }),
  );
  const expected = shown.map(([name, { works, problem }]) => {
    const [first = null] = works;
    const said = { ok: first !== null, strategy: first, works, ...(problem !== undefined && { problem }) };
    return [name, { doctor: said, auto: first ?? 'LHF_ERR_NETWORK', opens: works }];
  });
  expect(Object.fromEntries(outcomes)).toEqual(Object.fromEntries(expected));
  expect(renderDifference(before, await snapshotHere())).toBe('');
});

test('both say so where the chains are gone that the engine puts its rules in', async () => {
  await using engine = await startPrivateEngine();
  await engine.exec(['nft', 'flush', 'ruleset']);
  expect(await ask(engine.spawn)).toEqual({
    doctor: {
      ok: false,
      strategy: null,
      works: [],
      problem: expect.stringMatching(/^The engine refused the network .*: its own iptables chains are gone/) as string,
    },
    auto: 'LHF_ERR_NETWORK',
    opens: [],
  });
});

test('both say so where the image is not there that probes are to have', async () => {
  vi.stubEnv('LOCALHOST_FORWARD_PROBE_IMAGE', 'nobody/has:this');
  const before = await snapshotHere();
  expect(await doctor()).toMatchObject({
    ok: false,
    problem:
      'The engine starts no container that would prove a forward: No such image: nobody/has:this\nTry: docker pull nobody/has:this',
  });
  await expect(openLocalhostForward(0)).rejects.toMatchObject({
    code: 'LHF_ERR_UNREACHABLE',
    message: expect.stringContaining('No such image: nobody/has:this') as string,
  });
  vi.unstubAllEnvs();
  // Two at once do not meet.
  expect(await Promise.all([doctor(), doctor()])).toMatchObject([{ ok: true }, { ok: true }]);
  expect(renderDifference(before, await snapshotHere())).toBe('');
});

test('case 13: a node that others may not run proves by its owner', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lhf-node-'));
  const node = join(folder, 'node');
  await copyFile(process.execPath, node);
  await chmod(node, 0o750);
  const source = `
    import { openLocalhostForward } from 'localhost-forward';
    await using net = await openLocalhostForward(0);
    console.log(net.strategy);`;
  try {
    const onNode: Spawn = ([, ...args], options) => spawnHere([node, ...args], options);
    await using script = spawnScript({ source, spawn: onNode });
    expect(await script.waitForLine(/./)).toBe('nftables');
    expect(await script.exit).toEqual({ code: 0, signal: null });
  } finally {
    await rm(folder, { recursive: true });
  }
});
