import { expect, it } from 'vitest';
import { openLocalhostForward } from '../../src/index.ts';
import { execHere } from '../support/run.ts';
import { until } from '../support/until.ts';

const holdersOf = async (id: string): Promise<number> => {
  const { stdout } = await execHere(['pgrep', '-fc', `[l]hf-holder .*-${id.slice(0, 5)} `]);
  return Number(stdout);
};

it.each([
  ['nftables', 'iptables'],
  ['iptables', 'nftables'],
] as const)('the holder of %s ends when nobody uses it, and takes nothing of %s along', async (strategy, other) => {
  await using staying = await openLocalhostForward(0, { strategy: other, verify: false, listener: true });
  const net = await openLocalhostForward(0, { strategy, verify: false });
  expect(await holdersOf(net.id)).toBe(2);
  await net.close();
  await until(async () => (await holdersOf(net.id)) === 1, { timeoutMs: 20_000, what: 'the idle holder' });
  expect(await staying.diagnose()).toMatchObject({ reachable: true });
  await using again = await openLocalhostForward(0, { strategy, verify: true });
  expect(await holdersOf(again.id)).toBe(2);
});
