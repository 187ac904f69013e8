import { expect, it } from 'vitest';
import { LocalhostForwardError } from '../../../src/errors.ts';
import { openByFirstStrategy } from '../../../src/forward/open-by-first-strategy.ts';
import { chooseStrategy, type Choice, type Failed } from '../../../src/choose/choose-strategy.ts';
import { machineWith } from '../support/machine.ts';

type Wanted = Partial<Parameters<typeof chooseStrategy>[1]>;

const chooseFor =
  (wishes: Wanted = {}) =>
  (failed?: Failed): Choice =>
    chooseStrategy(machineWith(), { strategy: 'auto', privilege: 'auto', ...wishes }, failed);

const rulesError = (strategy: string, stderr: string) =>
  new LocalhostForwardError('LHF_ERR_RULES', { what: `${strategy} failed`, try: 'this' }, { strategy, stderr });

const openAll = (errors: Partial<Record<string, unknown>>, wishes?: Wanted) => {
  const choose = chooseFor(wishes);
  return openByFirstStrategy(choose(), choose, async (choice) => {
    if (errors[choice.strategy] !== undefined) throw errors[choice.strategy];
    return choice.strategy;
  });
};

it('opens by the first', async () => {
  expect(await openAll({})).toEqual({ choice: chooseFor()(), opened: 'nftables' });
});

it('goes on to the next with the words of the first', async () => {
  const { choice, opened } = await openAll({ nftables: rulesError('nftables', 'Error: Error: no\nadd table\n^') });
  expect(opened).toBe('iptables');
  expect(choice).toMatchObject({ strategy: 'iptables', privilege: 'root' });
  expect(choice.reasons.slice(0, 2)).toEqual([
    { strategy: 'nftables', chosen: false, reason: 'failed at its start: no' },
    { strategy: 'iptables', chosen: true, reason: 'iptables 1.8.9 (nf_tables)' },
  ]);
});

it('goes on to the last, and tells all words where all fail', async () => {
  const nftables = rulesError('nftables', 'Error: one');
  const iptables = rulesError('iptables', 'two');
  expect(await openAll({ nftables, iptables })).toMatchObject({ opened: 'relay', choice: { privilege: 'none' } });
  const relay = rulesError('relay', 'three');
  const sidecar = rulesError('sidecar', 'four');
  await expect(openAll({ nftables, iptables, relay, sidecar })).rejects.toMatchObject({
    code: 'LHF_ERR_RULES',
    strategy: 'sidecar',
    message: [
      'sidecar failed',
      '  nftables: failed at its start: one',
      '  iptables: failed at its start: two',
      '  relay: failed at its start: three',
      '  sidecar: failed at its start: four',
      'Try: localhost-forward doctor',
    ].join('\n'),
  });
});

it.each([
  ['it was asked for by name', rulesError('nftables', 'no'), 'nftables'],
  ['something else failed', new LocalhostForwardError('LHF_ERR_NETWORK', { what: 'no' }), undefined],
  ['it is no error of ours', new Error('no'), undefined],
] as const)('goes no further where %s', async (_, error, strategy) => {
  await expect(openAll({ nftables: error }, strategy && { strategy })).rejects.toBe(error);
});
