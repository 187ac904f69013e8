import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseCounters, parseKeys, parseTargets } from '../../../../src/strategies/nftables/parse.ts';

// As the kernel lists a table made by our own rules; long lists go over several lines.
const golden = readFileSync(new URL('../../../golden/nftables.txt', import.meta.url), 'utf8');
const keys = ['tcp/80', 'tcp/8088', 'udp/53'];

const wrapped = `table ip lhf_abcde123 {
	flags owner
	comment "lhf:lhf-abcde123:x"

	map ports {
		type inet_proto . inet_service : ipv4_addr . inet_service
		elements = { tcp . 80 : 127.0.0.1 . 8088,
			     udp . 53 : 127.0.0.1 . 5353 }
	}

	set traffic {
		type inet_proto . inet_service
		counter
		elements = { tcp . 80 counter packets 12 bytes 3456,
			     udp . 53 counter packets 1 bytes 28 }
	}

	set connections {
		type inet_proto . inet_service
		counter
	}

	set others {
		type inet_proto . inet_service
		elements = { tcp . 1 }
	}
}
`;

describe('keys', () => {
  it.each([
    ['a map', golden, 'ports', keys],
    ['a set with counters', golden, 'traffic', keys],
    ['lines', wrapped, 'ports', ['tcp/80', 'udp/53']],
    ['no elements, though the next set has some', wrapped, 'connections', []],
    ['a set that is not there', wrapped, 'traff', []],
    ['nothing', '', 'ports', []],
    [
      'numbers, where the host has no names of protocols',
      wrapped.replaceAll('tcp .', '6 .').replaceAll('udp .', '17 .'),
      'ports',
      ['tcp/80', 'udp/53'],
    ],
    ['protocols that are not ours', wrapped.replaceAll('udp .', 'sctp .'), 'ports', ['tcp/80']],
  ])('of %s', (_, listing, set, found) => expect([...parseKeys(listing, set)].toSorted()).toEqual(found));
});

describe('counters', () => {
  it.each([
    ['counted', wrapped, 'traffic', { 'tcp/80': { packets: 12, bytes: 3456 }, 'udp/53': { packets: 1, bytes: 28 } }],
    ['zero', golden, 'connections', Object.fromEntries(keys.map((key) => [key, { packets: 0, bytes: 0 }]))],
    ['none', wrapped, 'connections', {}],
    ['a set that does not count', wrapped, 'others', { 'tcp/1': { packets: 0, bytes: 0 } }],
  ])('%s', (_, listing, set, found) => expect(Object.fromEntries(parseCounters(listing, set))).toEqual(found));
});

describe('targets', () => {
  it.each([
    ['lines', wrapped, { 'tcp/80': 8088, 'udp/53': 5353 }],
    ['the kernel’s own listing', golden, { 'tcp/80': 8088, 'tcp/8088': 8088, 'udp/53': 5353 }],
    ['nothing', '', {}],
  ])('of %s', (_, listing, targets) => expect(Object.fromEntries(parseTargets(listing))).toEqual(targets));
});
