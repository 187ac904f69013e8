import { describe, expect, it } from 'vitest';
import { LocalhostForwardError } from '../../../src/errors.ts';
import { openByFirstStrategy } from '../../../src/forward/open-by-first-strategy.ts';
import { chooseStrategy, type Choice } from '../../../src/choose/choose-strategy.ts';
import type { Failed } from '../../../src/choose/failed.ts';
import { machineWith } from '../support/machine.ts';

type Wanted = Partial<Parameters<typeof chooseStrategy>[1]>;

const chooseFor =
  (wishes: Wanted = {}, machine = machineWith()) =>
  (failed?: Failed): Choice =>
    chooseStrategy(machine, { strategy: 'auto', privilege: 'auto', ...wishes }, failed);

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
      '  nftables by root: failed at its start: one',
      '  iptables by root: failed at its start: two',
      '  relay: failed at its start: three',
      '  sidecar: failed at its start: four',
      'Try: localhost-forward doctor',
    ].join('\n'),
  });
});

describe('the ladder', () => {
  const everybody = machineWith({ host: { sudo: true } });
  const tried = async (errors: Partial<Record<string, string>>, wishes: Wanted = {}) => {
    const choose = chooseFor(wishes, everybody);
    const order: string[] = [];
    const outcome = await openByFirstStrategy(choose(), choose, async ({ strategy, privilege }) => {
      const who = `${strategy} ${privilege}`;
      order.push(who);
      const words = errors[who] ?? errors[privilege];
      if (words !== undefined) throw rulesError(strategy, words);
      return who;
    }).catch((error: Error) => error.message);
    return { order, outcome };
  };

  it('goes on to the next rung where rights are refused, and tells of it', async () => {
    const { order, outcome } = await tried({ root: 'Could not process rule: Operation not permitted' });
    expect(order).toEqual(['nftables root', 'nftables sudo']);
    expect(outcome).toMatchObject({ choice: { strategy: 'nftables', privilege: 'sudo' } });
    const { reasons } = (outcome as { choice: Choice }).choice;
    expect(reasons[0]).toEqual({
      strategy: 'nftables',
      chosen: true,
      reason:
        'nft 1.0.6 on kernel 6.1.0: the kernel itself removes the rules when the process ends; by sudo -n; root was refused: Could not process rule: Operation not permitted',
    });
  });

  it('goes down all rungs, and then to what needs nobody', async () => {
    const { order, outcome } = await tried({
      root: 'EROFS: read-only file system',
      sudo: 'sudo: a password is required',
      container: 'the container that is to change the kernel could not be started: no',
    });
    expect(order).toEqual(['nftables root', 'nftables sudo', 'nftables container', 'relay none']);
    const { reasons } = (outcome as { choice: Choice }).choice;
    expect(reasons[1]?.reason).toBe(
      'root was refused: EROFS: read-only file system, sudo -n was refused: sudo: a password is required, a helper container with CAP_NET_ADMIN alone was refused: the container that is to change the kernel could not be started: no',
    );
  });

  it('tries no other rights where something else than rights was missing', async () => {
    const { order } = await tried({ 'nftables root': 'Could not process rule: No such file or directory' });
    expect(order).toEqual(['nftables root', 'iptables root']);
  });

  it('keeps to the strategy that was asked for, and to the rights', async () => {
    const refused = { root: 'Operation not permitted', sudo: 'Operation not permitted' };
    expect((await tried(refused, { strategy: 'iptables' })).order).toEqual([
      'iptables root',
      'iptables sudo',
      'iptables container',
    ]);
    expect(await tried(refused, { privilege: 'sudo' })).toEqual({
      order: ['nftables sudo'],
      outcome: 'nftables failed\nTry: this',
    });
  });
});

it('goes on where a relay cannot listen, and no further where the user’s own port is taken', async () => {
  const taken = (strategy?: string) =>
    new LocalhostForwardError('LHF_ERR_PORT_IN_USE', { what: 'no port' }, strategy === undefined ? {} : { strategy });
  const wishes = { privilege: 'none' } as const;
  const { opened, choice } = await openAll({ relay: taken('relay') }, wishes);
  expect(opened).toBe('sidecar');
  expect(choice.reasons[2]).toEqual({ strategy: 'relay', chosen: false, reason: 'failed at its start: no port' });
  await expect(openAll({ relay: taken() }, wishes)).rejects.toMatchObject({ code: 'LHF_ERR_PORT_IN_USE' });
});

it.each([
  ['it was asked for by name', rulesError('nftables', 'no'), 'nftables'],
  ['something else failed', new LocalhostForwardError('LHF_ERR_NETWORK', { what: 'no' }), undefined],
  ['it is no error of ours', new Error('no'), undefined],
] as const)('goes no further where %s', async (_, error, strategy) => {
  await expect(openAll({ nftables: error }, strategy && { strategy })).rejects.toBe(error);
});
