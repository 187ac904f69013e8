import { describe, expect, it } from 'vitest';
import {
  byPort,
  byProbedPort,
  guards,
  parseJumps,
  parseRules,
  parseWayIn,
} from '../../../../../src/strategies/netfilter/iptables/listing.ts';

describe('the rules of a bridge’s chain', () => {
  // As `iptables -t nat -v -S <chain>` prints them.
  const rules = parseRules(`-N LHF-lhf-abcde123
-A LHF-lhf-abcde123 -s 198.18.0.14/32 -p tcp -m tcp --dport 80 -c 2 120 -j DNAT --to-destination 127.0.0.1:40000
-A LHF-lhf-abcde123 -p tcp -m tcp --dport 80 -c 3 180 -j DNAT --to-destination 127.0.0.1:8088
-A LHF-lhf-abcde123 -p udp -m udp --dport 8088 -c 0 0 -j DNAT --to-destination 127.0.0.1:53
`);

  it('tell what each port’s leads to and counted, the probes’ apart', () => {
    expect([...byPort(rules)]).toEqual([
      ['tcp/80', { protocol: 'tcp', containerPort: 80, from: undefined, targetPort: 8088, packets: 3, bytes: 180 }],
      ['udp/8088', { protocol: 'udp', containerPort: 8088, from: undefined, targetPort: 53, packets: 0, bytes: 0 }],
    ]);
    expect([...byProbedPort(rules)]).toMatchObject([
      ['tcp/80', { from: '198.18.0.14', targetPort: 40000, packets: 2 }],
    ]);
  });

  it('tell what comes, where they count only', () => {
    // As `iptables -t raw -v -S <chain>` prints them.
    const raw = `-N LHF-lhf-abcde123
-A LHF-lhf-abcde123 -s 198.18.0.14/32 -c 9 540 -j RETURN
-A LHF-lhf-abcde123 -p tcp -m addrtype --dst-type LOCAL -m tcp --dport 80 -c 12 3456
`;
    expect(parseRules(raw)).toMatchObject([{ containerPort: 80, targetPort: undefined, packets: 12, bytes: 3456 }]);
  });

  it('are none in nothing, and none that only look like ours', () => {
    expect(parseRules('')).toEqual([]);
    expect(parseRules('-A LHF-lhf-abcde123 -p tcp -m tcp --dport 80:90 -j DROP\n-A x -p sctp --dport 80 -j x')).toEqual(
      [],
    );
  });
});

describe('the way to a process’s chain', () => {
  const door = '-i lhf-+ -m addrtype --dst-type LOCAL -j LHF';
  const base = `-P PREROUTING ACCEPT
-A PREROUTING -i lhf-abcde123 -m comment --comment "lhf:lhf-abcde123" -j LHF-lhf-abcde123
-A PREROUTING ${door}
-A PREROUTING ${door}
-A PREROUTING -j LHFOREIGN
`;
  const way = '-i lhf-abcde+ -m comment --comment "lhf:abcde:s" -j LHF-abcde';

  it('is all rules on it, twice where they are there twice', () => {
    const shared = `-N LHF\n-A LHF ${way}\n-A LHF -i lhf-abcdf+ -m comment --comment "lhf:abcdf:s" -j LHF-abcdf\n`;
    expect(parseWayIn(base, shared, 'abcde')).toEqual({
      isShared: true,
      doors: [door, door],
      ways: [way],
      isOthersToo: true,
      detours: ['-i lhf-abcde123 -m comment --comment "lhf:lhf-abcde123" -j LHF-lhf-abcde123'],
    });
  });

  it('has no door where what it leads to has gone since it was listed', () =>
    expect(parseWayIn(base, undefined, 'abcde')).toMatchObject({ isShared: false, doors: [] }));

  it('is nothing where nobody was', () => {
    const nothing = { isShared: false, doors: [], ways: [], isOthersToo: false, detours: [] };
    expect(parseWayIn('-P PREROUTING ACCEPT\n', undefined, 'abcde')).toEqual(nothing);
    expect(parseWayIn('', '-N LHF\n', 'abcde')).toEqual({ ...nothing, isShared: true });
  });
});

describe('a process’s chain', () => {
  const chain = `-N LHF-abcde
-A LHF-abcde -d 127.0.0.0/8 -j DROP
-A LHF-abcde -s 127.0.0.0/8 -j DROP
-A LHF-abcde -i lhf-abcde123 -m comment --comment "lhf:lhf-abcde123:s" -j LHF-lhf-abcde123
`;
  it('leads on to bridges', () => expect(parseJumps(chain)).toEqual(['lhf-abcde123']));
  it('guards by both of its drops', () => {
    expect(guards(chain)).toBe(true);
    for (const end of ['-d', '-s']) expect(guards(chain.replace(`${end} 127`, `${end} 126`))).toBe(false);
  });
});
