import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { groupByOwner } from '../../src/leftovers/belongings.ts';
import { containers, networks } from '../../src/leftovers/engine-kinds.ts';
import { judgeOwned } from '../../src/leftovers/judge.ts';
import { labels } from '../../src/ownership/names.ts';
import { readOwner, renderSession } from '../../src/ownership/owner.ts';
import type { Mark } from '../../src/strategies/leftover-kind.ts';
import { nftAccepts } from '../../src/strategies/netfilter/leftovers/accepts.ts';
import { iptablesAccepts, iptablesRules } from '../../src/strategies/netfilter/leftovers/iptables.ts';
import {
  parseIptables,
  renderIptablesRemoval,
  type IptablesMark,
} from '../../src/strategies/netfilter/leftovers/iptables-marks.ts';
import { guardTables } from '../../src/strategies/netfilter/leftovers/own-tables.ts';
import { runs, text } from './generated.ts';

const here = readOwner();
/** Somebody who lives and has a forward, and somebody who had one. */
const living = { session: renderSession({ ...here, nonce: 'alive' }), nonce: 'alive', bridge: 'lhf-alive001' };
const dead = {
  session: renderSession({ ...here, startTime: 1, nonce: 'gones' }),
  nonce: 'gones',
  bridge: 'lhf-gones001',
};
/** A dead session's word with the living one's nonce. */
const forged = renderSession({ ...here, startTime: 1, nonce: 'alive' });

const sessions = fc.constantFrom(living.session, dead.session, forged, 'x', '');
const nonces = fc.constantFrom('alive', 'gones', 'other');
const bridges = fc.constantFrom(living.bridge, dead.bridge, 'lhf-alive002', 'docker0', 'lhf-x');

/** What a sweep would take of these: by their owners, as they are judged. */
const going = <M extends Mark>(marks: readonly M[]): M[] =>
  groupByOwner(marks).flatMap(({ session, marks: theirs }) => {
    const judge = judgeOwned(session, { all: false, now: 0, hasBridge: false });
    return theirs.filter((mark) => judge(mark).remove) as M[];
  });

describe('forged listings', () => {
  const genuine = [
    '*nat',
    ':PREROUTING ACCEPT [0:0]',
    ':LHF - [0:0]',
    ':LHF-alive - [0:0]',
    `:LHF-${living.bridge} - [0:0]`,
    '-A PREROUTING -i lhf-+ -m addrtype --dst-type LOCAL -j LHF',
    `-A LHF -i lhf-alive+ -m comment --comment "lhf:alive:${living.session}" -j LHF-alive`,
    `-A LHF-alive -i ${living.bridge} -m comment --comment "lhf:${living.bridge}:${living.session}" -j LHF-${living.bridge}`,
    `-A LHF-${living.bridge} -p tcp -m tcp --dport 80 -j DNAT --to-destination 127.0.0.1:8088`,
  ];
  /** What a sweep is for, so that the silences below say something. */
  const left = [
    ':LHF-leave - [0:0]',
    `-A LHF -i lhf-leave+ -m comment --comment "lhf:leave:${renderSession({ ...here, startTime: 1, nonce: 'leave' })}" -j LHF-leave`,
  ];
  const mark = fc.tuple(fc.oneof(nonces, bridges), sessions).map(([of, session]) => `lhf:${of}:${session}`);
  const comment = fc
    .oneof(
      mark,
      fc.tuple(text, mark, text).map((parts) => parts.join('')),
    )
    .map((one) => one.replaceAll('"', String.raw`\"`));
  const ruleOf = fc
    .tuple(
      fc.constantFrom('PREROUTING', 'INPUT', 'LHF', 'DOCKER', 'LHF-gones'),
      fc.constantFrom('lhf-alive+', 'lhf-gones+', 'eth0', 'lhf-alive001'),
      comment,
      fc.constantFrom('ACCEPT', 'DROP', 'LHF', 'LHF-gones', 'LHF-lhf-gones001', 'LHF-alivex'),
    )
    .map(([chain, device, words, target]) => `-A ${chain} -i ${device} -m comment --comment "${words}" -j ${target}`);
  const chainOf = fc.constantFrom(':LHF-gones - [0:0]', ':LHF-lhf-gones001 - [0:0]', ':LHF-zzzzz - [0:0]');
  const saved = fc
    .array(
      fc.oneof({ weight: 4, arbitrary: ruleOf }, { weight: 1, arbitrary: chainOf }, { weight: 1, arbitrary: text }),
      { maxLength: 8 },
    )
    .map((more) => [...genuine, ...left, ...more, 'COMMIT', ''].join('\n'));

  test('of iptables: nothing of a living owner goes, nor what only bears a mark', () => {
    const check = (listing: string): void => {
      const marks = parseIptables('nat', listing).map((one): IptablesMark => ({ ...one, origin: iptablesRules.name }));
      const removal = renderIptablesRemoval('nat', listing, going(marks)).split('\n');
      expect(removal).toContain('-X LHF-leave');
      for (const command of removal.filter((one) => one.startsWith('-'))) {
        expect(command).not.toMatch(/^-[FX] LHF(?:-lhf)?-alive/);
        expect(genuine.slice(6).map((one) => one.replace('-A', '-D'))).not.toContain(command);
        // Accepts and jumps of ours, by the dead one's or the forged mark.
        if (command.startsWith('-D'))
          expect(command).toMatch(/ -i lhf-\S+ .*"lhf:\S+" -j ACCEPT$| -j LHF(?:$|-(?:lhf-)?(?:gones|alive|leave))/);
      }
    };
    fc.assert(fc.property(saved, check), runs('iptables listings', 400));
  });

  test('of iptables, in chains of others: an accept goes that is one of ours, and a dead owner’s', () => {
    const check = (listing: string): void => {
      const marks = parseIptables('filter', listing).map((one): IptablesMark => ({
        ...one,
        origin: iptablesAccepts.name,
      }));
      const removal = renderIptablesRemoval('filter', listing, going(marks));
      expect(removal).not.toMatch(new RegExp(`${living.session}" -j ACCEPT`));
      expect(removal).not.toMatch(/-j DROP$/m);
    };
    fc.assert(fc.property(saved, check), runs('iptables accepts', 100));
  });

  const named = fc.constantFrom('ip lhf_guard_alive', 'inet filter', 'ip x;flush', 'ip lhf_guard_gones', 'inet a"b');
  const nftRule = fc
    .tuple(fc.constantFrom('"lhf-alive*"', '"lhf-gones*"', '"eth0"'), fc.constantFrom('accept', 'drop'), mark, text)
    .map(
      ([device, verdict, words, more]) =>
        `\t\tiifname ${device} ip daddr 127.0.0.0/8 ${verdict} comment "${words}${more.includes('"') ? '' : more}" # handle 7`,
    );
  const chains = fc
    .array(fc.tuple(named, fc.constantFrom('input', 'x;y', 'include"/x"'), fc.array(nftRule, { maxLength: 3 })), {
      maxLength: 4,
    })
    .map((tables) =>
      tables
        .map(([table, chain, rules]) =>
          [
            `table ${table} {`,
            `\tchain ${chain} {`,
            '\t\ttype filter hook input priority 0; policy accept;',
            ...rules,
            '\t}',
            '}',
          ].join('\n'),
        )
        .join('\n'),
    );

  test('of nftables: only accepts of a dead owner for its own bridges go, by words that are one command', async () => {
    const check = async (listing: string): Promise<void> => {
      const asked: string[] = [];
      const privileges = {
        run: async (argv: readonly string[], { input = '' } = {}) => {
          asked.push(...argv.slice(1), input);
          return { command: '', stdout: listing, stderr: '', exitCode: 0, failure: undefined };
        },
      };
      const marks = await nftAccepts.list({ engine: undefined, privileges: privileges as never });
      await nftAccepts.remove(going(marks), { engine: undefined, privileges: privileges as never });
      for (const command of asked.join('\n').split('\n')) {
        expect(command).not.toMatch(/[;"{}]/);
        if (command.startsWith('delete')) expect(command).toMatch(/^delete rule inet filter input handle 7$/);
      }
      // Whose session's word is dead has put it there, whatever nonce it says.
      expect(going(marks).every(({ session }) => session !== living.session)).toBe(true);
    };
    await fc.assert(fc.asyncProperty(chains, check), runs('nft listings', 150));
  });

  const table = fc
    .tuple(nonces, mark, fc.oneof(fc.constant(''), text))
    .map(
      ([nonce, words, more]) =>
        `table ip lhf_guard_${nonce} {\n\tcomment "${words}"\n\tset bridges {\n\t\telements = { "${living.bridge}" }\n\t}\n\tcomment "${more}"\n}\n`,
    );
  test('of tables of ours: a guard goes where its comment names its own, dead session', async () => {
    const own = `table ip lhf_guard_alive {\n\tcomment "lhf:alive:${living.session}"\n}\n`;
    const check = async (others: readonly string[]): Promise<void> => {
      const listing = [own, ...others].join('');
      const privileges = {
        run: async () => ({ command: '', stdout: listing, stderr: '', exitCode: 0, failure: undefined }),
      };
      const tools = { engine: undefined, privileges: privileges as never };
      const marks = (await guardTables.read?.(await guardTables.list(tools), tools)) ?? [];
      expect(going(marks).filter(({ nonce }) => nonce !== 'gones')).toEqual([]);
    };
    await fc.assert(fc.asyncProperty(fc.array(table, { maxLength: 3 }), check), runs('guards', 150));
  });

  const labelled = fc.record(
    {
      [labels.session]: sessions,
      [labels.bridge]: bridges,
      [labels.owner]: fc.oneof(fc.constant(String(here.pid)), text),
      // What is older than a day goes, whoever it was: none of these is known to be.
      [labels.created]: text.filter((words) => Number.isNaN(Date.parse(words))),
    },
    { requiredKeys: [labels.session] },
  );
  const things = fc.array(
    fc.tuple(fc.oneof(bridges, fc.constantFrom('lhf-probe-gones-1', 'lhf-mine', 'web'), text), labelled),
    { maxLength: 4 },
  );
  test('of the engine: a network or container goes where name, bridge, session and process agree', async () => {
    let taken = 0;
    const genuineNetwork = [
      'lhf-gones777',
      { [labels.session]: dead.session, [labels.bridge]: 'lhf-gones777' },
    ] as const;
    const check = async (more: readonly [string, Record<string, string>][]): Promise<void> => {
      const some = [genuineNetwork, ...more];
      const docker = {
        listNetworks: async () =>
          some.map(([Name, Labels]) => ({
            Id: 'n',
            Name,
            Labels,
            Options: { 'com.docker.network.bridge.name': Name },
          })),
        listContainers: async () => some.map(([name, Labels]) => ({ Id: 'c', Names: [`/${name}`], Labels })),
      };
      const tools = { engine: { docker: docker as never }, privileges: undefined };
      const marks = [...(await networks.list(tools)), ...(await containers.list(tools))];
      for (const { kind, name, session, nonce } of going(marks)) {
        if (name === 'lhf-gones777') taken += 1;
        expect([dead.session, forged]).toContain(session);
        expect(name).toMatch(kind === 'network' ? new RegExp(`^lhf-${nonce}[0-9a-z]{3}$`) : /^lhf-probe-gones-1$/);
      }
    };
    const many = runs('engine listings', 300);
    await fc.assert(fc.asyncProperty(things, check), many);
    expect(taken).toBe(many.numRuns);
  });
});
