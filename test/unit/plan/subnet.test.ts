import { describe, expect, it } from 'vitest';
import { chooseSubnet, gatewayOf, overlaps, parseCidr, renderCidr, type Cidr } from '../../../src/plan/subnet.ts';

const cidr = (text: string): Cidr => {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};

describe('parseCidr', () => {
  it.each([
    ['198.18.7.16/28', '198.18.7.16/28'],
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['255.255.255.255/32', '255.255.255.255/32'],
    ['1.2.3.4/0', '0.0.0.0/0'],
  ])('%s is %s', (text, rendered) => expect(renderCidr(cidr(text))).toBe(rendered));

  it.each(['', '10.0.0.0', '10.0.0.0/33', '10.0.0.256/8', '10.0.0/8', '10.0.0.0/8/8', 'fd00::/8', ' 10.0.0.0/8', '10.0.0.0/8\n', '-1.0.0.0/8'])('%j is none', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });
});

it.each([
  ['198.18.7.16/28', '198.18.7.17'],
  ['10.0.0.0/16', '10.0.0.1'],
])('the gateway of %s is %s', (subnet, gateway) => expect(gatewayOf(subnet)).toBe(gateway));

it.each([
  ['10.0.0.0/8', '10.255.255.240/28', true],
  ['10.0.0.0/28', '10.0.0.0/28', true],
  ['10.0.0.0/28', '10.0.0.16/28', false],
  ['10.0.0.0/28', '9.255.255.240/28', false],
  ['0.0.0.0/0', '198.18.0.0/15', true],
])('%s and %s overlap: %s', (one, other, result) => {
  expect(overlaps(cidr(one), cidr(other))).toBe(result);
  expect(overlaps(cidr(other), cidr(one))).toBe(result);
});

describe('chooseSubnet', () => {
  const pool = '198.18.0.0/24';
  it.each([
    ['the first of an empty pool', pool, [], 0, '198.18.0.0/28'],
    ['anywhere in it', pool, [], 0.5, '198.18.0.128/28'],
    ['the last', pool, [], 0.9999, '198.18.0.240/28'],
    ['the next after a taken one', pool, ['198.18.0.0/28'], 0, '198.18.0.16/28'],
    ['past a wide one', pool, ['198.18.0.0/25'], 0, '198.18.0.128/28'],
    ['past an address', pool, ['198.18.0.5/32'], 0, '198.18.0.16/28'],
    ['round the end', pool, ['198.18.0.240/28'], 0.9999, '198.18.0.0/28'],
    ['past what is no subnet', pool, ['nonsense', 'fd00::/64', '10.0.0.0/8'], 0, '198.18.0.0/28'],
    ['none where all is taken', pool, ['198.0.0.0/8'], 0.3, undefined],
    ['none where all is taken in pieces', pool, ['198.18.0.0/25', '198.18.0.128/25'], 0.3, undefined],
    ['none of a pool too small', '198.18.0.0/29', [], 0, undefined],
    ['none of no pool', 'nonsense', [], 0, undefined],
  ])('%s', (_, from, taken, random, chosen) => {
    expect(chooseSubnet({ pool: from, taken, random: () => random })).toBe(chosen);
  });

  it('uses up a pool without an overlap', () => {
    const taken: string[] = [];
    for (let n = 0; ; n += 1) {
      const chosen = chooseSubnet({ pool, taken, random: () => (n * 0.37) % 1 });
      if (chosen === undefined) break;
      taken.push(chosen);
    }
    expect(new Set(taken).size).toBe(16);
    expect(taken).toHaveLength(16);
  });
});
