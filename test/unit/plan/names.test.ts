import { expect, it } from 'vitest';
import { idOfBridge, labels, namesOf, parseMark, renderMark } from '../../../src/plan/names.ts';

const names = namesOf('abcde123');
const session = '00000000-11111111-a-b-c-abcde';

it('are those by which users and sweep know us', () => {
  expect({ ...names, probe: names.probe('1') }).toEqual({
    bridge: 'lhf-abcde123',
    network: 'lhf-abcde123',
    table: 'lhf_abcde123',
    hopsTable: 'lhf_hops_abcde123',
    guardTable: 'lhf_guard_lhf-abcde123',
    chain: 'LHF-lhf-abcde123',
    probe: 'lhf-probe-abcde123-1',
  });
  expect(Object.values(labels).every((label) => label.startsWith('localhost-forward.'))).toBe(true);
});

it('fit into an interface’s and a chain’s name', () => {
  expect(names.bridge.length).toBeLessThanOrEqual(15);
  expect(names.chain.length).toBeLessThanOrEqual(28);
});

it.each([
  ['lhf-abcde123', 'abcde123'],
  ['lhf-abcde12', undefined],
  ['lhf-abcde1234', undefined],
  ['lhf-ABCDE123', undefined],
  ['xlhf-abcde123', undefined],
  ['br-abcde12345', undefined],
])('the id of bridge %s is %s', (bridge, id) => expect(idOfBridge(bridge)).toBe(id));

it.each([
  [renderMark(names.bridge, session), { bridge: names.bridge, session }],
  [`-A PREROUTING -i lhf-abcde123 --comment "lhf:lhf-abcde123:${session}" -j LHF-lhf-abcde123`, { bridge: names.bridge, session }],
  [`comment "lhf:lhf-abcde123:${session}"`, { bridge: names.bridge, session }],
  ['comment "not lhf: at all"', undefined],
  ['-j LHF-lhf-abcde123', undefined],
])('the mark in %s', (text, mark) => expect(parseMark(text)).toEqual(mark));
