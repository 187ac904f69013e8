import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sweep } from '../../src/index.ts';
import { startEngine, stopEngine } from '../support/engine-daemon.ts';
import { requirePlace, socketPathIn } from '../support/place.ts';
import { killIfThere, differenceAtLast, readHolders, startOpener, takeState, tracesOf } from './trace.ts';

const place = requirePlace();

/** A second engine on this host, which leaves bridge and firewall to the first. */
const openSecondEngine = async () => {
  const directory = await mkdtemp(join(place.directory, 'private', 'second-'));
  await mkdir(join(directory, 'private'));
  const second = { ...place, directory, socketPath: socketPathIn(directory) };
  await startEngine(second, ['--bridge=docker0', '--iptables=false', '--ip-masq=false', '--ip-forward=false']);
  return {
    socketPath: second.socketPath,
    [Symbol.asyncDispose]: async () => {
      await stopEngine(second);
      await rm(directory, { recursive: true, force: true });
    },
  };
};

test('a sweep by another engine than the dead owner’s names what it cannot reach, and fails; one by its own takes it', async () => {
  const clean = await takeState();
  await using second = await openSecondEngine();
  await using script = startOpener('nftables', 'live');
  const [, bridge = ''] = (await script.waitForLine(/^open /)).split(' ');
  const { pid } = script.process;
  // Its guardian dies with it, so that all is left to be swept.
  const holders = await readHolders(pid);
  for (const holder of [...holders, pid ?? 0]) killIfThere(holder);
  await script.exit;

  for (const attempt of ['first', 'second']) {
    const { failed } = await sweep({ docker: { socketPath: second.socketPath } });
    expect(failed, attempt).toMatchObject([
      {
        kind: 'network',
        name: bridge,
        reason: expect.stringContaining(`another engine of this host has it`) as string,
      },
    ]);
    expect(existsSync(`/sys/class/net/${bridge}`)).toBe(true);
  }
  expect((await sweep()).failed).toEqual([]);
  expect(await tracesOf(pid)).toEqual([]);
  expect(await differenceAtLast(clean)).toBe('');
});
