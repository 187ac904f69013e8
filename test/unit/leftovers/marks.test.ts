import { describe, expect, test } from 'vitest';
import { parseAccepts, parseBaseChains } from '../../../src/strategies/netfilter/leftovers/accepts.ts';
import {
  parseIptables,
  renderIptablesRemoval,
  renderSharedRemoval,
} from '../../../src/strategies/netfilter/leftovers/iptables-marks.ts';
import type { IptablesMark } from '../../../src/strategies/netfilter/leftovers/iptables-marks.ts';

const session = '0035969e-0bef2a7c-1ulajuk-a92-9050-0n1jn';
const other = '0035969e-0bef2a7c-1ulajuk-a93-9051-abcde';
const bridge = 'lhf-0n1jn2e3';

describe('accepts in chains of others', () => {
  test('are looked for in base chains that are not ours', () => {
    const listing = [
      'table ip filter {',
      '\tchain INPUT {',
      '\t\ttype filter hook input priority filter; policy accept;',
      '\t}',
      '\tchain DOCKER-USER {',
      '\t}',
      '}',
      'table ip lhf_guard_0n1jn {',
      '\tchain deliver {',
      '\t\ttype filter hook input priority -300; policy accept;',
      '\t}',
      '}',
      'table inet mine {',
      '\tchain input {',
      '\t\ttype filter hook input priority 7; policy drop;',
      '\t}',
      '}',
    ].join('\n');
    expect(parseBaseChains(listing)).toEqual(['ip filter INPUT', 'inet mine input']);
  });

  test('are known by their mark, and by nothing that only looks so', () => {
    const listing = [
      '# Warning: table ip filter is managed by iptables-nft, do not touch!',
      'table inet filter { # handle 6',
      '\tchain input { # handle 1',
      `\t\tiifname "${bridge}" accept comment "lhf:${bridge}:${session}" # handle 9`,
      '\t\tiifname "lhf-0n1jn2e3" accept comment "lhf:mine" # handle 10',
      `\t\tiifname "x" accept comment "mine lhf:${bridge}:${session}" # handle 11`,
      // Whose nonce is another one than its bridge's.
      `\t\tiifname "${bridge}" accept comment "lhf:${bridge}:${other}" # handle 12`,
      '\t}',
      '}',
    ].join('\n');
    expect(parseAccepts(listing)).toEqual([
      {
        kind: 'accept',
        origin: 'nftables: chains of others',
        name: 'inet filter input',
        nonce: '0n1jn',
        session,
        bridges: [bridge],
        rule: 'inet filter input handle 9',
      },
    ]);
  });
});

const saved = [
  '*nat',
  ':PREROUTING ACCEPT [0:0]',
  ':DOCKER - [0:0]',
  ':LHF - [0:0]',
  ':LHF-0n1jn - [0:0]',
  `:LHF-${bridge} - [0:0]`,
  ':LHF-abcde - [0:0]',
  ':LHF-mine - [0:0]',
  '-A PREROUTING -i lhf-+ -j LHF',
  '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER',
  '-A PREROUTING -i lhf-mine -j LHF-mine',
  `-A LHF -i lhf-0n1jn+ -m comment --comment "lhf:0n1jn:${session}" -j LHF-0n1jn`,
  `-A LHF -i lhf-abcde+ -m comment --comment "lhf:abcde:${other}" -j LHF-abcde`,
  `-A LHF-0n1jn -i ${bridge} -j LHF-${bridge}`,
  `-A LHF-${bridge} -p tcp -m tcp --dport 80 -j DNAT --to-destination 127.0.0.1:8080`,
  'COMMIT',
  '',
].join('\n');

const marksIn = (text: string): IptablesMark[] =>
  parseIptables('nat', text).map((mark) => ({ ...mark, origin: 'iptables' }));

describe('what iptables has', () => {
  test('is one mark a session and table, with the owner that any rule of it names', () => {
    expect(marksIn(saved).map(({ kind, nonce, session: owner, bridges }) => [kind, nonce, owner, bridges])).toEqual([
      ['rules', '0n1jn', session, [bridge]],
      ['rules', 'abcde', other, []],
    ]);
    expect(parseIptables('raw', ':LHF-abcde - [0:0]')).toMatchObject([{ kind: 'guard', session: undefined }]);
    const accept = `-A INPUT -i ${bridge} -m comment --comment "lhf:${bridge}:${session}" -j ACCEPT`;
    expect(parseIptables('filter', accept)).toMatchObject([{ kind: 'accept', session, bridges: [bridge] }]);
  });

  test('goes by one restore, and what others have stays', () => {
    expect(renderIptablesRemoval('nat', saved, marksIn(saved).slice(0, 1))).toBe(
      [
        '*nat',
        `-D LHF -i lhf-0n1jn+ -m comment --comment "lhf:0n1jn:${session}" -j LHF-0n1jn`,
        '-F LHF-0n1jn',
        `-F LHF-${bridge}`,
        '-X LHF-0n1jn',
        `-X LHF-${bridge}`,
        'COMMIT',
        '',
      ].join('\n'),
    );
  });

  test('takes the shared chain along with the last of it, and does not flush that', () => {
    const removal = renderIptablesRemoval('nat', saved, marksIn(saved));
    expect(removal).toContain('-D PREROUTING -i lhf-+ -j LHF\n');
    expect(removal).toContain('-X LHF\n');
    expect(removal).not.toMatch(/-F LHF$|DOCKER|LHF-mine/m);
  });

  test('needs no restore where it is gone', () => {
    expect(renderIptablesRemoval('nat', '*nat\n:LHF-mine - [0:0]\nCOMMIT\n', marksIn(saved))).toBe('');
  });

  test('leaves the shared chain to whoever leaves last, who sees it empty then', () => {
    expect(renderSharedRemoval('nat', saved)).toBe('');
    expect(renderSharedRemoval('nat', '*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n')).toBe('');
    const door = '-A PREROUTING -i lhf-+ -m addrtype --dst-type LOCAL -j LHF';
    const empty = ['*nat', ':LHF - [0:0]', ':LHF-mine - [0:0]', door, '-A PREROUTING -j LHF-mine', 'COMMIT', ''];
    expect(renderSharedRemoval('nat', empty.join('\n'))).toBe(
      ['*nat', door.replace('-A', '-D'), '-X LHF', 'COMMIT', ''].join('\n'),
    );
  });
});
