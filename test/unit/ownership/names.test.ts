import { describe, expect, test } from 'vitest';
import { idOfBridge, labels, namesOf, parseMark, renderLabels, renderMark } from '../../../src/ownership/names.ts';

const names = namesOf('0a1b2c3d');
const session = '0123abcd-4567ef01-1z-2y-3x-0a1b2';

test('the names of one forward', () => {
  expect({ ...names, probe: names.probe('1') }).toEqual({
    bridge: 'lhf-0a1b2c3d',
    network: 'lhf-0a1b2c3d',
    hopsTable: 'lhf_hops_0a1b2c3d',
    chain: 'LHF-lhf-0a1b2c3d',
    keeper: 'lhf-keeper-0a1b2c3d',
    tunnel: 'lhf-tunnel-0a1b2c3d',
    probe: 'lhf-probe-0a1b2c3d-1',
  });
  // The kernel's limit for interfaces is 15, and iptables' for chains 28.
  expect(names.bridge.length).toBeLessThanOrEqual(15);
  expect(names.chain.length).toBeLessThanOrEqual(28);
});

test('all labels are in our own name space', () => {
  expect(Object.values(labels).every((label) => label.startsWith('localhost-forward.'))).toBe(true);
});

test('labels tell whose it is, and since when', () => {
  const before = Date.now();
  const { 'localhost-forward.created': created = '', ...rest } = renderLabels(names.bridge, session);
  expect(rest).toEqual({
    'localhost-forward.session': session,
    'localhost-forward.owner': String(process.pid),
    'localhost-forward.bridge': names.bridge,
  });
  expect(Date.parse(created)).toBeGreaterThanOrEqual(before);
  expect(created).toBe(new Date(created).toISOString());
});

test('a bridge tells its id', () => {
  expect(idOfBridge(names.bridge)).toBe('0a1b2c3d');
  for (const other of [
    'docker0',
    'lhf-',
    'lhf-0a1b2c3',
    'lhf-0a1b2c3d4',
    'xlhf-0a1b2c3d',
    'lhf-0A1B2C3D',
    'lhf-0a1b2c3d\n',
  ]) {
    expect(idOfBridge(other)).toBeUndefined();
  }
});

describe('marks', () => {
  const mark = renderMark(names.bridge, session);

  test('are read where they were written', () => {
    expect(mark).toBe(`lhf:lhf-0a1b2c3d:${session}`);
    expect(parseMark(mark)).toEqual({ nonce: '0a1b2', bridge: names.bridge, session });
  });

  test('may be of a whole session, by its nonce', () => {
    expect(parseMark(renderMark('0a1b2', session))).toEqual({ nonce: '0a1b2', bridge: undefined, session });
  });

  test('whose parts do not agree are none', () => {
    expect(parseMark(renderMark('lhf-9z9z9c3d', session))).toBeUndefined();
    expect(parseMark(renderMark('9z9z9', session))).toBeUndefined();
  });

  // An owner that cannot be told is not taken for a dead one: who reads it decides.
  test('may name an owner that nobody can read', () => {
    expect(parseMark('lhf:0a1b2:x')).toEqual({ nonce: '0a1b2', bridge: undefined, session: 'x' });
  });

  test.each([
    '',
    'lhf:docker0:x',
    'lhf:a:x',
    'lhf:-----:x',
    'lhf:lhf-0a1b2c3d',
    'lhf:lhf-0a1b2c3d:',
    `lhf:${names.network}x:${session}`,
    `-A INPUT -m comment --comment "${mark}" -j ACCEPT`,
    `mine, not ${mark}`,
    `${mark} `,
  ])('%j has none', (line) => {
    expect(parseMark(line)).toBeUndefined();
  });
});
