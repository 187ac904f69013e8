import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { countOf, guards, parseElements, partOf } from '../../../../../src/strategies/netfilter/tables/listing.ts';

const bridge = 'lhf-abcde123';
const counted = `table ip lhf_abcde {
	set traffic {
		type ifname . inet_proto . inet_service
		counter
		elements = { "lhf-abcde123" . tcp . 80 counter packets 12 bytes 3456,
			     "lhf-abcde123" . udp . 53 counter packets 1 bytes 32, "lhf-abcde456" . tcp . 80 counter packets 7 bytes 70,
			     lhf-abcde123 . 6 . 81 counter packets 2 bytes 80, "lhf-abcde123" . 17 . 54 counter packets 3 bytes 90,
			     "lhf-abcde123" . sctp . 80 counter packets 9 bytes 9 }
	}
}`;
const mapped = `elements = { "lhf-abcde123" . tcp . 80 : 127.0.0.1 . 8088, "lhf-abcde123" . udp . 53 : 127.0.0.1 . 5353 }`;

describe('a listed set', () => {
  test('tells what was counted for the ports of one bridge', () => {
    expect([...parseElements(counted, bridge)]).toEqual([
      ['tcp/80', { packets: 12, bytes: 3456, targetPort: 0 }],
      ['udp/53', { packets: 1, bytes: 32, targetPort: 0 }],
      ['tcp/81', { packets: 2, bytes: 80, targetPort: 0 }],
      ['udp/54', { packets: 3, bytes: 90, targetPort: 0 }],
    ]);
    expect([...parseElements(counted, 'lhf-zzzzzzzz')]).toEqual([]);
  });

  test('tells where a map leads', () => {
    expect([...parseElements(mapped, bridge)]).toEqual([
      ['tcp/80', { packets: 0, bytes: 0, targetPort: 8088 }],
      ['udp/53', { packets: 0, bytes: 0, targetPort: 5353 }],
    ]);
  });

  test('is found among others, by its whole name', () => {
    const others = counted.replace('set traffic', 'map trafficked').replaceAll('tcp', 'udp');
    const listing = `${others}\n${counted}\n${others.replace('map trafficked', 'set ports')}\n`;
    expect(parseElements(partOf(listing, 'set traffic'), bridge)).toEqual(parseElements(counted, bridge));
    expect(partOf(listing, 'map traffic')).toBe('');
  });

  test('counts a port, and nothing for one that nothing counts', () => {
    const elements = parseElements(counted, bridge);
    expect(countOf(elements, { protocol: 'tcp', containerPort: 80 })).toEqual({ packets: 12, bytes: 3456 });
    expect(countOf(elements, { protocol: 'udp', containerPort: 80 })).toEqual({ packets: 0, bytes: 0 });
  });
});

describe('a listed table', () => {
  // As the kernel lists them: see test/golden.
  const guardIn = (name: string): string => {
    const listing = readFileSync(new URL(`../../../../golden/${name}.txt`, import.meta.url), 'utf8');
    return listing.slice(0, listing.indexOf('\n}\n'));
  };
  const [plain, sealed] = [guardIn('nftables'), guardIn('hermetic')];
  const own = 'lhf-golden01';
  const without = (listing: string, line: string): string => {
    expect(listing).toContain(line);
    return listing
      .split('\n')
      .filter((one) => !one.includes(line))
      .join('\n');
  };
  const needed = ['ip daddr 127', 'ip saddr 127', 'ip option lsrr', 'ip option ssrr', 'hook prerouting'];

  test('guards the bridges in it', () => {
    for (const listing of [plain, sealed]) {
      expect(guards(listing, own)).toBe(true);
      expect(guards(listing, 'lhf-golden09')).toBe(false);
    }
  });

  test.each(needed)('guards nothing without its line %s', (line) => {
    for (const listing of [plain, sealed]) expect(guards(without(listing, line), own)).toBe(false);
  });

  test.each(['called', 'arrived'])('guards nothing where %s lets options pass', (chain) => {
    const dulled = new RegExp(`(chain ${chain} \\{[^}]*?)\\t\\tip hdrlength > 5 jump routed\\n`);
    for (const listing of [plain, sealed]) {
      expect(listing).toMatch(dulled);
      expect(guards(listing.replace(dulled, '$1'), own)).toBe(false);
    }
  });

  test.each(['hook input', 'hook forward'])('seals nothing without its %s, where the network is hermetic', (hook) =>
    expect(guards(without(sealed, hook), own)).toBe(false),
  );

  test('guards nothing where it drops nothing', () =>
    expect(guards(plain.replaceAll(/ drop$/gm, ' accept'), own)).toBe(false));
});
