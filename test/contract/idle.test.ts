import { expect, it } from 'vitest';
import { openLocalhostForward } from '../../src/index.ts';
import { endOfSessions } from '../support/leftovers.ts';
import { execHere } from '../support/run.ts';
import { until } from '../support/until.ts';
import { optionsOf, strategies } from './strategies.ts';

/** How many processes of this process's holders there are. */
const countHolders = async (id: string): Promise<number> => {
  const { stdout } = await execHere(['pgrep', '-fc', `[l]hf-holder .*${endOfSessions([{ id }])} `]);
  return Number(stdout);
};

const held = strategies.filter(({ opensBridge, privilege }) => opensBridge && privilege === 'root');
const pairs = held.flatMap((one) => [undefined, ...held].filter((other) => other !== one).map((other) => [one, other]));

it('each that opens bridges has a holder to be looked at, where root is among the rights', () => {
  const isWhole = !['LHF_TEST_STRATEGY', 'LHF_TEST_PRIVILEGE', 'LHF_TEST_ENGINE'].some((name) => process.env[name]);
  if (isWhole) expect(held.map(({ name }) => name)).toEqual(['nftables', 'iptables']);
});

it.each(
  pairs.map(([one, other]) => ({
    name: one?.name,
    beside: other?.name ?? 'nobody',
    options: one && optionsOf(one),
    other: other && optionsOf(other),
  })),
)('the holder of $name ends when nobody uses it, and takes nothing of $beside along', async ({ options, other }) => {
  await using staying = other && (await openLocalhostForward(0, { ...other, listener: true }));
  const before = staying === undefined ? 0 : await countHolders(staying.id);
  const net = await openLocalhostForward(0, options);
  expect(await countHolders(net.id)).toBeGreaterThan(0);
  await net.close();
  await until(async () => (await countHolders(net.id)) === before, { timeoutMs: 40_000, what: 'the idle holder' });
  expect((await staying?.diagnose())?.finding ?? 'reachable').toBe('reachable');
  await using again = await openLocalhostForward(0, { ...options, verify: true });
  expect(await countHolders(again.id)).toBeGreaterThan(0);
});
