import { describe, expect, test } from 'vitest';
import { parseIptablesMarks } from '../../../src/leftovers/iptables-marks.ts';
import { groupFound } from '../../../src/leftovers/leftover.ts';
import { parseNftMarks } from '../../../src/leftovers/nft-marks.ts';

const session = '0035969e-0bef2a7c-1ulajuk-a92-9050-0n1jn';
const bridge = 'lhf-0n1jn2e3';
const mark = `lhf:${bridge}:${session}`;

describe('marks in nft’s listing', () => {
  test('our tables and our rules in other chains, and nothing that only looks so', () => {
    const listing = [
      `table ip lhf_guard_${bridge} { # handle 1`,
      `\tcomment "${mark}"`,
      '\tchain pre { # handle 1',
      `\t\tiifname "${bridge}" ip daddr 127.0.0.0/8 counter packets 0 bytes 0 drop # handle 2`,
      '\t}',
      '}',
      'table ip lhf_0n1jn2e3 { # progname nft # handle 2',
      '\tflags owner',
      `\tcomment "${mark}"`,
      '}',
      'table inet lhf_hops_0n1jn2e3 { # handle 3',
      `\tcomment "${mark}"`,
      '}',
      'table ip lhf_abcdefgh { # handle 4',
      '\tcomment "mine"',
      '}',
      'table ip lhf_hgfedcba { # handle 5',
      `\tcomment "${mark}"`,
      '}',
      'table inet filter { # handle 6',
      '\tchain input { # handle 1',
      `\t\tiifname "${bridge}" accept comment "${mark}" # handle 9`,
      '\t\tiifname "lhf-0n1jn2e3" accept comment "lhf:mine" # handle 10',
      '\t}',
      '}',
    ].join('\n');
    expect(parseNftMarks(listing)).toEqual([
      { kind: 'guard', name: `lhf_guard_${bridge}`, family: 'ip', bridge, session },
      { kind: 'rules', name: 'lhf_0n1jn2e3', family: 'ip', bridge, session },
      { kind: 'rules', name: 'lhf_hops_0n1jn2e3', family: 'inet', bridge, session },
      { kind: 'accept', name: 'inet filter input', rule: ['inet', 'filter', 'input', '9'], bridge, session },
    ]);
  });
});

describe('marks in iptables-save', () => {
  test('one entry per table, with the owner that any rule names; a chain alone names none', () => {
    const saved = [
      '*raw',
      ':PREROUTING ACCEPT [0:0]',
      `:LHF-${bridge} - [0:0]`,
      `-A PREROUTING -i ${bridge} -m comment --comment "${mark}" -j LHF-${bridge}`,
      `-A LHF-${bridge} -d 127.0.0.0/8 -j DROP`,
      'COMMIT',
      '*nat',
      `:LHF-${bridge} - [0:0]`,
      ':LHF-mine - [0:0]',
      'COMMIT',
      '*filter',
      `-A INPUT -i ${bridge} -m comment --comment "${mark}" -j ACCEPT`,
      'COMMIT',
    ].join('\n');
    const found = parseIptablesMarks(saved);
    expect(found.map(({ kind, iptables, session: owner }) => [kind, iptables, owner])).toEqual([
      ['guard', ['raw'], session],
      ['rules', ['nat'], undefined],
      ['accept', ['filter'], session],
    ]);
    // Where the bridge has one owner, what names none is that one's.
    expect(groupFound(found)).toEqual([{ bridge, session, found }]);
  });

  test('what names no owner belongs to nobody where a bridge has two', () => {
    const of = (owner: string | undefined) => ({ kind: 'rules', name: 'x', bridge, session: owner }) as const;
    expect(groupFound([of('a'), of('b'), of(undefined)]).map((group) => group.session)).toEqual(['a', 'b', undefined]);
  });
});
