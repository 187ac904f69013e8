import { probeOn } from '../../../../../src/strategies/netfilter/probe-on.ts';
import { describe, expect, it } from 'vitest';
import type { RestoreRequest } from '../../../../../src/strategies/netfilter/iptables/iptables-holder.ts';
import type { ChainSight } from '../../../../../src/strategies/netfilter/iptables/missing.ts';
import { SessionChains, type Witness } from '../../../../../src/strategies/netfilter/iptables/session-chains.ts';
import type { Deletions, WayIn } from '../../../../../src/strategies/netfilter/iptables/rules.ts';

const port = { protocol: 'tcp', containerPort: 80, targetPort: 8088 } as const;
const rules = { ports: [port], probe: undefined };
const owner = { nonce: 'abcde', session: 's' };
const nowhere: WayIn = { isShared: false, doors: [], ways: [], isOthersToo: false, detours: [] };
const [one, two] = ['lhf-abcde001', 'lhf-abcde002'] as const;

/** Chains whose writer answers so, one answer a request, and whose way in looks so, one look after the other; the last one goes on. */
const open = (
  answers: readonly string[] = [],
  looks: readonly Partial<WayIn>[] = [],
  witness?: Witness,
  look?: ChainSight['wayIn'],
) => {
  const asked: RestoreRequest[] = [];
  let looked = 0;
  const sight: ChainSight = {
    wayIn: async () => ({ ...nowhere, ...(looks[looked++] ?? looks.at(-1)) }),
    process: async () => ({ bridges: [], guards: false }),
    chain: async () => ({ rules: [], length: 0 }),
  };
  const stream = {
    restore: async (request: RestoreRequest): Promise<string> => {
      asked.push(request);
      return answers[asked.length - 1] ?? '';
    },
  };
  return {
    asked,
    looks: () => looked,
    chains: new SessionChains({
      owner,
      tables: ['nat'],
      stream: () => stream,
      sight,
      ...(witness && { witness }),
      ...(look && { sureSight: { ...sight, wayIn: look } }),
    }),
  };
};

const door = '-i lhf-+ -m addrtype --dst-type LOCAL -j LHF';
const way = '-i lhf-abcde+ -m comment --comment "lhf:abcde:s" -j LHF-abcde';

const ignore = (): void => undefined;

describe('a process’s chains', () => {
  it('come with the first bridge, on the way that is missing', async () => {
    const { asked, chains } = open();
    await chains.open(one, rules, ignore);
    expect(asked[0]?.lines).toEqual([
      '*nat',
      ':LHF-lhf-abcde001 - [0:0]',
      ':LHF-abcde - [0:0]',
      '-A LHF-lhf-abcde001 -p tcp -m tcp --dport 80 -j DNAT --to-destination 127.0.0.1:8088',
      '-A LHF-abcde -i lhf-abcde001 -m comment --comment "lhf:lhf-abcde001:s" -j LHF-lhf-abcde001',
      '-N LHF',
      '-I PREROUTING 1 -i lhf-+ -m addrtype --dst-type LOCAL -j LHF',
      '-A LHF -i lhf-abcde+ -m comment --comment "lhf:abcde:s" -j LHF-abcde',
      'COMMIT',
    ]);
  });

  it('are left as they are where nobody can look at them', async () => {
    const { asked, chains } = open([], [], undefined, async () => Promise.reject(new Error('a password is required')));
    await chains.open(one, rules, ignore);
    await expect(chains.repair(one)).rejects.toThrow('a password is required');
    expect(asked).toHaveLength(1);
    await chains.close(one);
    expect(asked).toHaveLength(2);
  });

  it('tell who outlives the process what it may have before, and has after', async () => {
    const { asked, chains } = open();
    await chains.open(one, rules, ignore);
    await chains.open(two, rules, ignore);
    await chains.close(one);
    expect(asked.map(({ mayHave, have }) => [mayHave, have])).toEqual([
      [[one], [one]],
      [
        [one, two],
        [one, two],
      ],
      [[one, two], [two]],
    ]);
  });

  it('say that a bridge is known only when its request is on its way', async () => {
    const { asked, chains } = open();
    let sentWith = -1;
    await chains.open(one, rules, () => (sentWith = asked.length));
    expect(sentWith).toBe(1);
  });

  it('keep what needs no rule yet: probes of a bridge whose first port comes later', async () => {
    const { asked, chains } = open();
    await chains.open(one, { ports: [], probe: undefined }, ignore);
    await chains.setProbe(one, probeOn('198.18.0.0/28', []));
    await chains.addPort(one, port);
    const translation = '-p tcp -m tcp --dport 80 -j DNAT --to-destination 127.0.0.1:8088';
    expect(asked.slice(1).map(({ lines }) => lines.slice(1, -1))).toEqual([
      [`-I LHF-lhf-abcde001 -s 198.18.0.14/32 ${translation}`, `-A LHF-lhf-abcde001 ${translation}`],
    ]);
  });

  it('change by the difference alone', async () => {
    const { asked, chains } = open();
    await chains.open(one, rules, ignore);
    await chains.setProbe(one, probeOn('198.18.0.0/28', [{ ...port, targetPort: 9 }]));
    await chains.setProbe(one, probeOn('198.18.0.0/28', []));
    await chains.removePort(one, port);
    const probed = '-s 198.18.0.14/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 127.0.0.1:';
    expect(asked.slice(1).map(({ lines }) => lines.slice(1, -1))).toEqual([
      [`-I LHF-lhf-abcde001 ${probed}9`],
      [`-D LHF-lhf-abcde001 ${probed}9`, `-I LHF-lhf-abcde001 ${probed}8088`],
      [
        `-D LHF-lhf-abcde001 ${probed}8088`,
        '-D LHF-lhf-abcde001 -p tcp -m tcp --dport 80 -j DNAT --to-destination 127.0.0.1:8088',
      ],
    ]);
  });

  it('go with the last bridge, all of them, and the way that all share with them, without a look', async () => {
    const { asked, chains, looks } = open();
    await chains.open(one, rules, ignore);
    await chains.close(one);
    expect(looks()).toBe(0);
    expect(asked.at(-1)?.lines).toEqual([
      '*nat',
      ':LHF-lhf-abcde001 - [0:0]',
      ':LHF-abcde - [0:0]',
      `-D LHF ${way}`,
      `-D PREROUTING ${door}`,
      '-X LHF',
      '-X LHF-lhf-abcde001',
      '-X LHF-abcde',
      'COMMIT',
    ]);
    expect(chains.bridges).toEqual([]);
    const before = asked.length;
    await chains.close(one);
    expect(asked.length).toBe(before);
  });

  it('leave what all share to the others, and take it where the last of them went meanwhile', async () => {
    const others = { isShared: true, doors: [door], isOthersToo: true };
    const { asked, chains } = open(
      ['File exists'],
      [others, { ...others, ways: [way] }, { ...others, isOthersToo: false }],
    );
    await chains.open(one, rules, ignore);
    expect(asked[1]?.lines).not.toContain('-N LHF');
    await chains.close(one);
    expect(asked[2]?.lines).toContain(`-D LHF ${way}`);
    expect(asked[2]?.lines).not.toContain('-X LHF');
    expect(asked[3]?.lines).toEqual(['*nat', `-D PREROUTING ${door}`, '-X LHF', 'COMMIT']);
    expect(asked.length).toBe(4);
  });

  it('leave what all share where others came meanwhile', async () => {
    const others = { isShared: true, doors: [door], ways: [way, way], isOthersToo: true };
    const { asked, chains } = open(['', 'CHAIN_USER_DEL failed'], [others, { ...others, ways: [] }]);
    await chains.open(one, rules, ignore);
    await chains.close(one);
    expect(asked.at(-1)?.lines.filter((line) => line === `-D LHF ${way}`).length).toBe(2);
    expect(asked.at(-1)?.lines).not.toContain('-X LHF');
    expect(asked.length).toBe(3);
  });

  it('tell of the rules that they take themselves, and of no other', async () => {
    const told: [string, ...(readonly [string, number])[]][] = [];
    const witness = {
      expect: (deletions: Deletions) => void told.push(['expect', ...deletions]),
      unexpect: (deletions: Deletions) => void told.push(['unexpect', ...deletions]),
    };
    const { chains } = open(['', '', '', '', 'Bad rule'], [], witness);
    await chains.open(one, { ports: [port], probe: probeOn('198.18.0.0/28', []) }, ignore);
    await chains.open(two, rules, ignore);
    await chains.close(two);
    await chains.addPort(one, { ...port, containerPort: 81 });
    await chains.removePort(one, port);
    expect(told.filter(([, ...deletions]) => deletions.length > 0)).toEqual([
      ['expect', ['nat LHF-lhf-abcde002', 1], ['nat LHF-abcde', 1]],
      ['expect', ['nat LHF-lhf-abcde001', 2]],
      ['unexpect', ['nat LHF-lhf-abcde001', 2]],
    ]);
  });

  it('open and close by the hundred in a few requests', async () => {
    const { asked, chains } = open();
    const bridges = Array.from({ length: 100 }, (_, n) => `lhf-abcde${String(n).padStart(3, '0')}`);
    await Promise.all(bridges.map((bridge) => chains.open(bridge, rules, ignore)));
    await Promise.all(bridges.map((bridge) => chains.close(bridge)));
    expect(asked.length).toBeLessThanOrEqual(4);
  });
});

describe('a refusal', () => {
  it('for a way that others took or made meanwhile is looked at and tried again', async () => {
    const { asked, chains } = open(
      ['File exists', 'No chain by that name'],
      [{ isShared: true, doors: ['door'] }, nowhere],
    );
    await chains.open(one, rules, ignore);
    expect(asked.map(({ lines }) => lines.includes('-N LHF'))).toEqual([true, false, true]);
  });

  it('that no change of the way explains is an error with iptables’ own words', async () => {
    const { chains } = open(Array<string>(9).fill('\niptables-restore v1.8.9: no such module\nTry -h'));
    await expect(chains.open(one, rules, ignore)).rejects.toMatchObject({
      code: 'LHF_ERR_RULES',
      message: expect.stringContaining('iptables-restore v1.8.9: no such module') as string,
    });
    expect(chains.bridges).toEqual([]);
  });

  it('of a change makes all anew, since somebody flushed what was there', async () => {
    const { asked, chains } = open(['', 'Bad rule']);
    await chains.open(one, rules, ignore);
    await chains.removePort(one, port);
    expect(asked.at(-1)?.lines).toContain(':LHF-lhf-abcde001 - [0:0]');
    expect(asked.at(-1)?.lines.join()).not.toContain('DNAT');
  });

  it('of an opening leaves nothing that closing does not take', async () => {
    const { asked, chains } = open(['no', 'no']);
    await expect(chains.open(one, rules, ignore)).rejects.toThrow('no');
    await chains.close(one);
    expect(asked.at(-1)?.lines).toEqual(expect.arrayContaining(['-X LHF-lhf-abcde001', '-X LHF-abcde']));
  });
});

describe('a repair', () => {
  it('puts all back where a look finds something missing, and tells', async () => {
    const { asked, chains } = open();
    await chains.open(one, rules, ignore);
    expect(await chains.repair(one)).toBe(true);
    expect(asked.at(-1)?.lines).toContain(':LHF-lhf-abcde001 - [0:0]');
  });

  it('is nothing for a bridge that has been closed', async () => {
    const { asked, chains } = open();
    await chains.open(one, rules, ignore);
    await chains.close(one);
    const before = asked.length;
    expect(await chains.repair(one)).toBe(false);
    expect(asked.length).toBe(before);
  });
});
