import { describe, expect, test } from 'vitest';
import { sweep } from '../../src/index.ts';
import { spawnScript } from '../support/children.ts';
import { until } from '../support/until.ts';
import {
  findNft,
  forEver,
  killIfThere,
  openingScript,
  readHolders,
  takeState,
  tracesOf,
  tracesAtLast,
  differenceAtLast,
} from './trace.ts';

const openAndWait = async (strategy: string) => {
  const script = spawnScript({ source: openingScript(strategy, forEver) });
  const [, bridge = ''] = (await script.waitForLine(/^open /)).split(' ');
  const pid = script.process.pid ?? 0;
  // An idle iptables shell runs nothing; nft is there as soon as it has answered.
  const holders = await readHolders(pid);
  const [shell = 0] = holders;
  const held = await findNft(holders);
  return { script, bridge, pid, shell, held };
};

const openAnother = async (): Promise<void> => {
  await using other = spawnScript({ source: openingScript('nftables', 'await net.close();') });
  expect(await other.exit).toEqual({ code: 0, signal: null });
};

const isOpen = (trace: string): boolean => /^lhf_[0-9a-z]{5}$/.test(trace);

describe('the guardian killed together with its process', () => {
  const orders = [
    ['process', 'shell', 'nft'],
    ['process', 'nft', 'shell'],
    ['shell', 'process', 'nft'],
    ['shell', 'nft', 'process'],
    ['nft', 'process', 'shell'],
    ['nft', 'shell', 'process'],
  ] as const;

  test.each(orders)(
    '%s, %s, %s: the kernel takes the rules, the next opening or a sweep the rest',
    async (...order) => {
      const before = await takeState();
      const { pid, shell, held = 0 } = await openAndWait('nftables');
      const pids = { process: pid, shell, nft: held };
      for (const name of order) killIfThere(pids[name]);
      // Nobody is left to do it but the kernel.
      await until(async () => !(await tracesOf(pid)).some(isOpen), { what: 'the rules to go' });
      await (order[0] === 'process' ? openAnother() : sweep());
      expect(await differenceAtLast(before)).toBe('');
    },
  );

  test.each([
    ['process', 'shell'],
    ['shell', 'process'],
  ] as const)('iptables: %s, %s', async (...order) => {
    const before = await takeState();
    const { pid, shell } = await openAndWait('iptables');
    for (const name of order) killIfThere({ process: pid, shell }[name]);
    await (order[0] === 'process' ? openAnother() : sweep());
    expect(await differenceAtLast(before)).toBe('');
  });
});

describe('one part killed alone', () => {
  test.each([
    ['nftables', 'shell'],
    ['nftables', 'held'],
    ['iptables', 'shell'],
  ] as const)(
    '%s, its %s: another takes its place, and does its duty when the process dies',
    async (strategy, part) => {
      const opened = await openAndWait(strategy);
      const rules = (await tracesOf(opened.pid)).filter((trace) => !trace.startsWith('process'));
      process.kill(opened[part] ?? 0, 'SIGKILL');
      if (strategy === 'nftables') await opened.script.waitForLine(/^warning LHF_WARN_RULES .*its rules are back$/);
      else
        await until(async () => (await readHolders(opened.pid)).some((pid) => pid !== opened.shell), {
          what: 'another shell',
        });
      expect((await tracesOf(opened.pid)).filter((trace) => !trace.startsWith('process'))).toEqual(rules);
      await opened.script.kill('SIGKILL');
      expect(await tracesAtLast(opened.pid)).toEqual([]);
    },
  );
});
