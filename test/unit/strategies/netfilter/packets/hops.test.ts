import { expect, it } from 'vitest';
import { namesOf } from '../../../../../src/ownership/names.ts';
import { parseHops, renderHops } from '../../../../../src/strategies/netfilter/packets/hops.ts';
import { parseMark } from '../../../../../src/ownership/names.ts';

const session = '0123abcd-0123abcd-1a-1b-1c-abcde';
const names = namesOf('abcdefgh');

// As nft 1.0.6 lists it.
const listing = `table ip lhf_hops_abcdefgh {
	comment "lhf:lhf-abcdefgh:${session}"
	counter saw {
		packets 12 bytes 720
	}

	counter translated {
		packets 11 bytes 660
	}

	counter inputEarly {
		packets 10 bytes 600
	}

	counter inputLate {
		packets 0 bytes 0
	}

	counter outputEarly {
		packets 3 bytes 180
	}

	counter outputLate {
		packets 2 bytes 120
	}

	counter accepted {
		packets 1 bytes 60
	}

	set probes {
		type ipv4_addr
		size 16
		flags dynamic
		elements = { 198.18.0.2 }
	}

	set strays {
		type ipv4_addr . ipv4_addr
		size 64
		flags dynamic
		elements = { 172.17.0.3 . 172.17.0.1,
			     192.0.2.7 . 192.0.2.1 }
	}
`;

it('reads what each hop counted, and what came by another bridge', () => {
  expect(parseHops(listing)).toEqual({
    counts: { saw: 12, translated: 11, inputEarly: 10, inputLate: 0, outputEarly: 3, outputLate: 2, accepted: 1 },
    strays: [
      { from: '172.17.0.3', to: '172.17.0.1' },
      { from: '192.0.2.7', to: '192.0.2.1' },
    ],
  });
});

it('reads a table in which nothing was seen', () => {
  const untouched = listing
    .replaceAll(/packets \d+ bytes \d+/g, 'packets 0 bytes 0')
    .replaceAll(/\t\telements = \{[^}]*\}\n/g, '');
  expect(parseHops(untouched)).toEqual({
    counts: { saw: 0, translated: 0, inputEarly: 0, inputLate: 0, outputEarly: 0, outputLate: 0, accepted: 0 },
    strays: [],
  });
});

it('is found by the sweep when its owner died, and drops nothing', () => {
  const rendered = renderHops({
    names,
    session,
    protocol: 'udp',
    containerPort: 53,
    targetPort: 5353,
    probeAddress: '198.18.0.14',
  });
  expect(rendered).not.toMatch(/\bdrop\b|\breject\b|\baccept\b(?<!policy accept)/);
  const comment = /^\tcomment "(.*)"$/m.exec(listing)?.[1] ?? '';
  expect(parseMark(comment)).toMatchObject({ bridge: 'lhf-abcdefgh', session });
  expect(rendered).toContain(`comment "lhf:lhf-abcdefgh:${session}"`);
});
