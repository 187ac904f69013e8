import { describe, expect, it } from 'vitest';
import {
  parseDrops,
  parseListeners,
  parseQueued,
  parseTaken,
  parseTranslators,
  traceOfBridge,
} from '../../../../../src/strategies/netfilter/packets/trace.ts';

// As nft 1.0.6 printed it, packets shortened.
const arrived = (id: string): string[] => [
  `trace id ${id} ip t p packet: iif "lo" ip saddr 127.0.0.1 tcp dport 80 tcp flags == syn tcp window 65495 `,
  `trace id ${id} ip t p rule iifname "lo" meta nftrace set 1 (verdict continue)`,
  `trace id ${id} ip t p policy accept `,
];
const inputOf = (id: string): string[] => [
  `trace id ${id} ip filter INPUT packet: iif "lo" ip saddr 127.0.0.1 tcp dport 80 tcp flags == syn tcp window 65495 `,
  `trace id ${id} ip filter INPUT rule counter packets 0 bytes 0 jump MINE (verdict jump MINE)`,
];
const nativeOf = (id: string): string[] => [
  `trace id ${id} ip filter INPUT policy accept `,
  `trace id ${id} inet fw in packet: iif "lo" ip saddr 127.0.0.1 tcp dport 81 tcp flags == syn tcp window 65495 `,
  `trace id ${id} inet fw in rule jump mine (verdict jump mine)`,
];

describe('drops in a trace', () => {
  const drops = (...lines: string[]) => parseDrops(`${lines.join('\n')}\n`);

  it.each([
    [
      'a rule of iptables',
      [
        ...arrived('9de17434'),
        ...inputOf('9de17434'),
        'trace id 9de17434 ip filter INPUT rule tcp dport 80 counter packets 7 bytes 420 reject (verdict drop)',
      ],
      { family: 'ip', table: 'filter', chain: 'INPUT', baseChain: 'INPUT', rule: 'tcp dport 80 reject' },
    ],
    [
      'a rule in a chain of iptables that was jumped to',
      [
        ...arrived('aebe0a45'),
        ...inputOf('aebe0a45'),
        'trace id aebe0a45 ip filter MINE rule tcp dport 82  counter packets 0 bytes 0 drop (verdict drop)',
      ],
      { family: 'ip', table: 'filter', chain: 'MINE', baseChain: 'INPUT', rule: 'tcp dport 82 drop' },
    ],
    [
      'a native policy, after a chain that let it return',
      [
        ...arrived('0705f83a'),
        ...inputOf('0705f83a'),
        ...nativeOf('0705f83a'),
        'trace id 0705f83a inet fw in policy drop ',
      ],
      { family: 'inet', table: 'fw', chain: 'in', baseChain: 'in', rule: 'policy drop' },
    ],
    [
      'a rule in a native chain that was jumped to',
      [
        ...arrived('66ee6f9b'),
        ...inputOf('66ee6f9b'),
        ...nativeOf('66ee6f9b'),
        'trace id 66ee6f9b inet fw mine rule tcp dport 81 counter packets 0 bytes 0 drop (verdict drop)',
      ],
      { family: 'inet', table: 'fw', chain: 'mine', baseChain: 'in', rule: 'tcp dport 81 drop' },
    ],
  ])('by %s', (_, lines, drop) => {
    expect(drops(...lines)).toEqual([drop]);
  });

  it('are told once, in order, however many packets met them', () => {
    const one = [
      ...inputOf('aaaaaaaa'),
      'trace id aaaaaaaa ip filter MINE rule counter packets 1 bytes 60 drop (verdict drop)',
    ];
    const other = ['trace id bbbbbbbb inet fw in packet: iif "lo" ', 'trace id bbbbbbbb inet fw in policy drop '];
    const again = one.map((line) => line.replace('aaaaaaaa', 'cccccccc').replace('packets 1', 'packets 2'));
    expect(drops(...one, ...other, ...again).map(({ chain }) => chain)).toEqual(['MINE', 'in']);
  });

  it('keep packets apart that are told between each other', () => {
    const [native, policy] = [nativeOf('aaaaaaaa'), 'trace id aaaaaaaa inet fw mine rule drop (verdict drop)'];
    expect(drops(...native, ...inputOf('bbbbbbbb'), policy)).toMatchObject([{ chain: 'mine', baseChain: 'in' }]);
  });

  it('are none where all is accepted', () => {
    expect(
      drops(...arrived('9de17434'), ...inputOf('9de17434'), 'trace id 9de17434 ip filter INPUT policy accept '),
    ).toEqual([]);
    expect(drops('')).toEqual([]);
  });
});

describe('rules that took a packet', () => {
  const own = { table: 'lhf_abcdefgh', chain: 'LHF-lhf-abcdefgh' };
  const jump = 'trace id 90a55831 ip nat PREROUTING rule counter packets 0 bytes 0 jump MINE (verdict jump MINE)';

  it.each([
    [
      'a native redirect',
      ['trace id 2370d461 ip p c rule iifname != "lo" meta l4proto tcp redirect to :7892 (verdict accept)'],
      {
        family: 'ip',
        table: 'p',
        chain: 'c',
        baseChain: 'c',
        rule: 'iifname != "lo" meta l4proto tcp redirect to :7892',
      },
    ],
    [
      'a translation of iptables in a chain that was jumped to',
      [
        jump,
        'trace id 90a55831 ip nat MINE rule meta l4proto tcp counter packets 0 bytes 0 dnat to 10.9.0.1:99 (verdict accept)',
      ],
      {
        family: 'ip',
        table: 'nat',
        chain: 'MINE',
        baseChain: 'PREROUTING',
        rule: 'meta l4proto tcp dnat to 10.9.0.1:99',
      },
    ],
    [
      'a target that nft has no words for',
      [
        'trace id 90a55831 ip nat PREROUTING rule meta l4proto tcp counter packets 0 bytes 0 xt target "DNAT" (verdict accept)',
      ],
      {
        family: 'ip',
        table: 'nat',
        chain: 'PREROUTING',
        baseChain: 'PREROUTING',
        rule: 'meta l4proto tcp xt target "DNAT"',
      },
    ],
    [
      'a transparent proxy’s',
      ['trace id 90a55831 inet m p rule tcp dport 80 tproxy ip to 127.0.0.1:7893 (verdict continue)'],
      { family: 'inet', table: 'm', chain: 'p', baseChain: 'p', rule: 'tcp dport 80 tproxy ip to 127.0.0.1:7893' },
    ],
  ])('%s', (_, lines, place) => {
    expect(parseTaken(`${lines.join('\n')}\n`, own)).toEqual([place]);
  });

  it.each([
    'trace id 1 ip lhf_abcdefgh nat rule iifname "lhf-abcdefgh" dnat ip to meta l4proto . th dport map @ports (verdict accept)',
    'trace id 1 ip nat LHF-lhf-abcdefgh rule counter packets 0 bytes 0 dnat to 127.0.0.1:8088 (verdict accept)',
  ])('are not our own, which translate: %s', (line) => {
    expect(parseTaken(line, own)).toEqual([]);
    expect(parseTranslators(line)).toHaveLength(1);
  });

  it.each([
    'trace id 1 ip t p rule ct status dnat counter name "x" (verdict continue)',
    'trace id 1 ip nat POSTROUTING rule masquerade (verdict accept)',
    'trace id 1 ip t p policy accept ',
    jump,
  ])('are not those that only look: %s', (line) => {
    expect(parseTranslators(line)).toEqual([]);
  });
});

it('counts who listens to traces', () => {
  const table = `sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
0000000005c3fdf4 12  2121       00000100 0        0        0     2        0        6032668
00000000b6455db5 12  0          00000000 0        0        0     2        0        6032662
00000000b6455db6 0   77         00000100 0        0        0     2        0        6032663
00000000b6455db7 12  78         00000040 0        0        0     2        0        6032664
`;
  expect(parseListeners(table)).toBe(1);
  expect(parseListeners('')).toBe(0);
});

describe('of everybody’s packets that a trace tells of', () => {
  const mine = [
    'trace id 11111111 ip t arrive packet: iif "lhf-mine0001" ether saddr 02:42:0a:00:00:02 ip saddr 10.0.0.2 tcp dport 81 ',
    'trace id 11111111 ip t arrive rule meta nftrace set 1 (verdict continue)',
    'trace id 22222222 ip t leave packet: oif "lhf-mine0001" ip saddr 127.0.0.1 tcp sport 8088 ',
    'trace id 22222222 ip t leave policy accept ',
  ];
  // Of another process's forward, whose diagnosis is at work meanwhile.
  const others = [
    'trace id 33333333 ip t arrive packet: iif "lhf-other001" ip saddr 10.1.0.2 tcp dport 81 ',
    'trace id 33333333 ip lhf_other translate rule dnat ip to meta l4proto . th dport map @ports (verdict accept)',
    'trace id 44444444 ip t early packet: iif "lo" ip saddr 127.0.0.1 tcp dport 81 ',
    'trace id 44444444 ip filter INPUT policy drop ',
  ];

  it('those of the bridge are ours, and no other’s rule is found in them', () => {
    const both = mine.flatMap((line, n) => [others[n] ?? '', line]).join('\n');
    const told = traceOfBridge(both, { bridge: 'lhf-mine0001', hopsTable: 'lhf_hops_mine0001' });
    expect(told.split('\n')).toEqual(mine);
    const own = { table: 'lhf_mine0', chain: 'LHF-lhf-mine0001' };
    expect([parseTaken(told, own), parseDrops(told)]).toEqual([[], []]);
    expect([parseTaken(both, own), parseDrops(both)].map(({ length }) => length)).toEqual([1, 1]);
  });

  it('a packet that has the id of another that is over is not taken for it', () => {
    const again = others.map((line) =>
      line.replace(/^trace id \S+/, mine[0]?.slice(0, 'trace id 00000000'.length) ?? ''),
    );
    const names = { bridge: 'lhf-mine0001', hopsTable: 'lhf_hops_mine0001' } as const;
    for (const all of [
      [...again, ...mine],
      [...mine, ...again],
    ])
      expect(traceOfBridge(all.join('\n'), names).split('\n')).toEqual(mine);
  });

  it('those that our table of bridges has marked are ours too, which know the bridge’s ports alone', () => {
    const marked = [
      'trace id 55555555 bridge lhf_hops_mine0001 arrive packet: iif "veth1" ip saddr 10.0.0.2 tcp dport 80 ',
      'trace id 55555555 bridge lhf_hops_mine0001 arrive policy accept ',
      'trace id 55555555 bridge b c rule ip protocol tcp drop (verdict drop)',
    ];
    const theirs = marked.map((line) => line.replace('55555555', '66666666').replace('mine', 'else'));
    const names = { bridge: 'lhf-mine0001', hopsTable: 'lhf_hops_mine0001' } as const;
    expect(traceOfBridge([...theirs, ...marked].join('\n'), names).split('\n')).toEqual(marked);
  });
});

it('a packet that was given to a program is where it was left', () => {
  const told =
    'trace id 3a66c319 ip filter INPUT rule meta l4proto tcp counter packets 0 bytes 0 queue num 5 (verdict queue)';
  expect(parseQueued(told)).toEqual([
    { family: 'ip', table: 'filter', chain: 'INPUT', baseChain: 'INPUT', rule: 'meta l4proto tcp queue num 5' },
  ]);
  expect(parseDrops(told)).toEqual([]);
});
