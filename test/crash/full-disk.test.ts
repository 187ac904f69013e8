import { writeFile } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { openLocalhostForward } from '../../src/index.ts';
import { renderDifference } from '../support/host-snapshot.ts';
import { requirePlace } from '../support/place.ts';
import { execHere, outputOf } from '../support/run.ts';
import { takeState } from './trace.ts';

const disk = `${requirePlace().directory}/private`;
const resize = (size: string) => outputOf(execHere, ['mount', '-o', `remount,size=${size}`, disk]);

/** Makes the engine's own file system as large as what is on it. */
const fillDisk = async (): Promise<void> => {
  const [, used = ''] = (await outputOf(execHere, ['df', '--output=used', '-k', disk])).split('\n');
  await resize(`${used.trim()}k`);
  await expect(writeFile(`${disk}/tmp/text`, 'text')).rejects.toThrow(/no space left/);
};

afterEach(() => resize('50%'));

test.each(['nftables', 'iptables'] as const)(
  '%s: an engine without disk gives one coded error, and nothing is left',
  async (strategy) => {
    const before = await takeState();
    await fillDisk();
    const error: unknown = await openLocalhostForward(8088, { strategy }).catch((thrown: unknown) => thrown);
    const after = await takeState();
    expect(error).toMatchObject({
      // The network's database may have a free page: then it is the probe that has no room.
      code: expect.stringMatching(/^LHF_ERR_(NETWORK|UNREACHABLE)$/) as string,
      message: expect.stringMatching(/no space left.*\nTry: docker system df$/is) as string,
      cause: expect.anything() as Error,
    });
    expect(renderDifference(before, after)).toBe('');
  },
);
