import { describe, expect, test } from 'vitest';
import { sweep } from '../../src/index.ts';
import { execHere, outputOf } from '../support/run.ts';
import { until } from '../support/until.ts';
import { killIfThere, startOpener, readParts, takeState, tracesOf, tracesAtLast, differenceAtLast } from './trace.ts';

const openAndWait = async (strategy: string) => {
  const script = startOpener(strategy, 'live');
  const [, bridge = ''] = (await script.waitForLine(/^open /)).split(' ');
  const pid = script.process.pid ?? 0;
  return { script, bridge, pid, parts: await readParts(pid) };
};

const openAnother = async (): Promise<void> => {
  await using other = startOpener('nftables', 'close');
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
      const { pid, parts } = await openAndWait('nftables');
      for (const name of order) killIfThere({ process: pid, ...parts }[name]);
      // Nobody is left to do it but the kernel.
      await until(async () => !(await tracesOf(pid)).some(isOpen), { what: 'the rules to go' });
      await (order[0] === 'process' ? openAnother() : sweep());
      expect(await differenceAtLast(before)).toBe('');
    },
  );

  test.each([
    { order: ['process', 'shell', 'writer'] },
    { order: ['process', 'writer', 'shell'] },
    { order: ['writer', 'shell', 'process'] },
    // The other half of the holders does its part.
    { order: ['process', 'shell'] },
    { order: ['process', 'writer'] },
  ] as const)('iptables: $order', async ({ order }) => {
    const before = await takeState();
    const { script, pid, parts } = await openAndWait('iptables');
    for (const name of order) killIfThere({ process: pid, ...parts }[name]);
    // A sweep spares what has a living owner, and looks once.
    await script.exit;
    await (order[0] === 'process' ? openAnother() : sweep());
    expect(await differenceAtLast(before)).toBe('');
  });
});

describe('one part killed alone', () => {
  test.each([
    ['nftables', 'shell'],
    ['nftables', 'cat'],
    ['nftables', 'nft'],
    ['iptables', 'shell'],
    ['iptables', 'cat'],
    ['iptables', 'nft'],
    ['iptables', 'writer'],
    ['iptables', 'passer'],
  ] as const)(
    '%s, its %s: another takes its place, and does its duty when the process dies',
    async (strategy, part) => {
      const opened = await openAndWait(strategy);
      const rules = (await tracesOf(opened.pid)).filter((trace) => !trace.startsWith('process'));
      expect(rules.length).toBeGreaterThan(0);
      expect(opened.parts[part]).toBeGreaterThan(1);
      process.kill(opened.parts[part], 'SIGKILL');
      const isWriter = part === 'writer' || part === 'passer';
      if (!isWriter) await opened.script.waitForLine(/^warning LHF_WARN_RULES .*its rules are back$/);
      else
        await until(async () => ![0, opened.parts.passer].includes((await readParts(opened.pid)).passer), {
          what: 'another shell',
        });
      expect((await tracesOf(opened.pid)).filter((trace) => !trace.startsWith('process'))).toEqual(rules);
      await opened.script.kill('SIGKILL');
      expect(await tracesAtLast(opened.pid)).toEqual([]);
    },
  );

  test('iptables, the program that puts its rules in: the next change starts another', async () => {
    await using script = startOpener('iptables', 'obey');
    const [, bridge = ''] = (await script.waitForLine(/^open /)).split(' ');
    const { restore } = await readParts(script.process.pid);
    killIfThere(restore);
    script.send('add');
    await script.waitForLine('added');
    expect(await outputOf(execHere, ['iptables', '-t', 'nat', '-S', `LHF-${bridge}`])).toContain('--dport 81 ');
    expect((await readParts(script.process.pid)).restore).not.toBe(restore);
    await script.kill('SIGKILL');
    expect(await tracesAtLast(script.process.pid)).toEqual([]);
  });
});
