import { describe, expect, test } from 'vitest';
import {
  defaultPool,
  chooseSubnet,
  gatewayOf,
  overlaps as blocksOverlap,
  parseCidr,
  probeAddressOf,
  rangeIn,
  renderCidr,
  sidecarAddressOf,
  usualCallersOf,
} from '../../../src/network/subnet.ts';

const pool = '198.18.0.0/15';

const overlaps = (a: string, b: string): boolean => {
  const [one, other] = [parseCidr(a), parseCidr(b)];
  return one !== undefined && other !== undefined && blocksOverlap(one, other);
};

// A small generator with a seed, so that a failure can be had again.
const randomFrom = (seed: number) => (): number => {
  seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
  return seed / 2 ** 31;
};

describe('reading', () => {
  test.each([
    ['198.18.0.0/28', 0xc6120000, 28],
    ['198.18.0.17/28', 0xc6120010, 28],
    ['255.255.255.255/32', 0xffffffff, 32],
    ['0.0.0.0/0', 0, 0],
    ['128.0.0.0/1', 0x80000000, 1],
  ])('%s', (text, base, bits) => {
    expect(parseCidr(text)).toEqual({ base, bits });
  });

  test.each([
    '',
    'default',
    '10.0.0/8',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/08',
    '256.0.0.0/8',
    '10.0.0.0',
    'fd00::/8',
    ' 10.0.0.0/8',
    '10.0.0.0/8\n',
  ])('%j is none', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  test('writing gives back what was aligned', () => {
    for (const text of ['0.0.0.0/0', '10.0.0.0/8', '198.18.3.16/28', '255.255.255.255/32']) {
      const block = parseCidr(text);
      expect(block && renderCidr(block)).toBe(text);
    }
  });
});

describe('comparing', () => {
  test.each([
    ['10.0.0.0/8', '10.255.255.240/28', true],
    ['10.0.0.0/28', '10.0.0.16/28', false],
    ['10.0.0.15/32', '10.0.0.0/28', true],
    ['0.0.0.0/0', '224.0.0.0/3', true],
    ['default', '10.0.0.0/8', false],
  ])('%s and %s', (a, b, expected) => {
    expect(overlaps(a, b)).toBe(expected);
    expect(overlaps(b, a)).toBe(expected);
  });

  test('the gateway is the first host', () => {
    expect(gatewayOf('198.18.3.16/28')).toBe('198.18.3.17');
    expect(gatewayOf('10.0.255.0/24')).toBe('10.0.255.1');
  });
});

describe('usual callers', () => {
  test.each([
    ['198.18.0.32/27', 14, '198.18.0.34', '198.18.0.47'],
    ['198.18.0.0/28', 6, '198.18.0.2', '198.18.0.7'],
    ['198.18.0.8/29', 2, '198.18.0.10', '198.18.0.11'],
    ['10.0.0.0/8', 14, '10.0.0.2', '10.0.0.15'],
    ['10.0.0.0/30', 0, undefined, undefined],
    ['10.0.0.0/31', 0, undefined, undefined],
    ['10.0.0.0/32', 0, undefined, undefined],
  ])('of %s', (cidr, count, first, last) => {
    const usual = usualCallersOf(cidr);
    expect([usual.length, usual[0], usual.at(-1)]).toEqual([count, first, last]);
    for (const ours of [gatewayOf, probeAddressOf, sidecarAddressOf]) expect(usual).not.toContain(ours(cidr));
    for (const address of usual) expect(overlaps(rangeIn(cidr), `${address}/32`)).toBe(true);
  });
});

describe('choosing', () => {
  test('any /27 of the pool, aligned and free, whatever is taken', () => {
    const random = randomFrom(7);
    for (let round = 0; round < 300; round++) {
      const taken = Array.from({ length: 20 }, () => {
        const prefix = 20 + Math.floor(random() * 13);
        return `198.${18 + Math.floor(random() * 2)}.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}/${prefix}`;
      });
      const chosen = chooseSubnet({ pool, taken, random });
      const block = parseCidr(chosen ?? '');
      expect(block?.bits).toBe(27);
      expect(block && renderCidr(block)).toBe(chosen);
      expect(overlaps(pool, chosen ?? '')).toBe(true);
      expect(taken.filter((used) => overlaps(used, chosen ?? ''))).toEqual([]);
    }
  });

  test('one after the other until the pool is full, each once', () => {
    const taken: string[] = [];
    for (;;) {
      const chosen = chooseSubnet({ pool: '10.9.0.0/22', taken, random: randomFrom(taken.length) });
      if (chosen === undefined) break;
      taken.push(chosen);
    }
    expect(new Set(taken).size).toBe(32);
    expect(taken.every((used) => overlaps('10.9.0.0/22', used))).toBe(true);
  });

  test('the one that is left, wherever the search starts', () => {
    const taken = ['10.0.0.0/26', '10.0.0.64/28', '10.0.0.128/25'];
    for (let start = 0; start < 1; start += 1 / 32) {
      expect(chooseSubnet({ pool: '10.0.0.0/24', taken, random: () => start })).toBe('10.0.0.96/27');
    }
  });

  test('different starts, different choices', () => {
    const random = randomFrom(3);
    expect(new Set(Array.from({ length: 100 }, () => chooseSubnet({ pool, taken: [], random }))).size).toBeGreaterThan(
      95,
    );
    expect(chooseSubnet({ pool, taken: [], random: () => 0 })).toBe('198.18.0.0/27');
    expect(chooseSubnet({ pool, taken: [], random: () => 1 - Number.EPSILON })).toBe('198.19.255.224/27');
  });

  test('default routes, IPv6 and words take nothing; host routes take their block', () => {
    const taken = ['0.0.0.0/0', '128.0.0.0/1', 'default', 'fd00::/8', '198.18.0.3/32'];
    expect(chooseSubnet({ pool, taken, random: () => 0 })).toBe('198.18.0.32/27');
  });

  test('an address that is not the first of its block takes the whole block', () => {
    expect(chooseSubnet({ pool, taken: ['198.18.0.77/24'], random: () => 0 })).toBe('198.18.1.0/27');
  });

  test('one of another pool where the default one is taken whole', () => {
    const choose = (...taken: string[]) => chooseSubnet({ pool: defaultPool, taken, random: () => 0 });
    expect(choose('198.18.0.0/15')).toBe('10.254.0.0/27');
    expect(choose('198.18.0.0/15', '10.0.0.0/8')).toBe('172.31.240.0/27');
    expect(choose('198.18.0.0/15', '10.0.0.0/8', '172.16.0.0/12')).toBe('192.168.240.0/27');
  });

  test('none where all is taken, or the pool is no pool', () => {
    const all = ['198.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];
    expect(chooseSubnet({ pool: defaultPool, taken: all, random: () => 0.5 })).toBeUndefined();
    expect(chooseSubnet({ pool: '198.18.0.0/16', taken: ['198.0.0.0/8'], random: () => 0.5 })).toBeUndefined();
    expect(chooseSubnet({ pool: '10.0.0.0/28', taken: [], random: () => 0 })).toBeUndefined();
    expect(chooseSubnet({ pool: 'x', taken: [], random: () => 0 })).toBeUndefined();
  });
});
