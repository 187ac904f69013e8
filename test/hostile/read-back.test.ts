import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { withComposeFile } from '../../src/cli/compose-files.ts';
import { parseDroppingChains } from '../../src/doctor/firewall.ts';
import { describeNonsense } from '../../src/engine/answers.ts';
import { parseContainerId } from '../../src/engine/own-container.ts';
import { parseNetAdmin } from '../../src/host/facts.ts';
import { applyDetails } from '../../src/host/listeners.ts';
import { parseRoutes, parseRules as parsePolicyRules } from '../../src/host/routes.ts';
import { endsOf, parseSockets } from '../../src/host/sockets.ts';
import { loaderOptions } from '../../src/lifecycle/loader-options.ts';
import { tellWords } from '../../src/lifecycle/words.ts';
import { parsePortsLabel } from '../../src/ownership/names.ts';
import { parseSession, renderSession } from '../../src/ownership/owner.ts';
import { parseBoottimeOffset, parseStat } from '../../src/ownership/start-time.ts';
import { parsePolicies } from '../../src/strategies/netfilter/firewalls/policies.ts';
import { parseHandles } from '../../src/strategies/netfilter/firewalls/accept-rule.ts';
import { guards, parseJumps, parseRules, parseWayIn } from '../../src/strategies/netfilter/iptables/listing.ts';
import { parseElements, partOf } from '../../src/strategies/netfilter/tables/listing.ts';
import { parseHops } from '../../src/strategies/netfilter/packets/hops.ts';
import {
  parseDrops,
  parseListeners,
  parseTranslators,
  parseUntracked,
} from '../../src/strategies/netfilter/packets/trace.ts';
import { projectRoot } from '../support/children.ts';
import { isHarmless, runs, text } from './generated.ts';

/** What the kernel and programs print, as far as the repository has it. */
const samples = readdirSync(`${projectRoot}test/golden`)
  .filter((name) => name.endsWith('.txt'))
  .map((name) => readFileSync(`${projectRoot}test/golden/${name}`, 'utf8'));
const lines = [
  ...new Set(samples.flatMap((sample) => sample.split('\n'))),
  '4711 (node) S 1 4711 4711 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 12345 1 1',
  '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0',
  'CapEff:\t000001ffffffffff',
  '5210:\tfrom all fwmark 0x80000/0xff0000 lookup 52',
  'unreachable 10.0.0.0/8 dev lo table 52 metric 1',
  'trace id 9f2a ip filter INPUT rule tcp dport 8088 counter packets 1 bytes 60 drop (verdict drop)',
  'boottime 3600 0',
];
const line = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...lines) },
  { weight: 1, arbitrary: text },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(...lines), text, fc.nat(80), fc.nat(20))
      .map(([known, more, at, length]) => known.slice(0, at) + more + known.slice(at + length)),
  },
);
const listing = fc.array(line, { maxLength: 12 }).map((some) => some.join('\n'));

const readers: Readonly<Record<string, (printed: string) => unknown>> = {
  'sockets of /proc': (printed) => endsOf(parseSockets(printed, 4, 8_080), { address: '127.0.0.1', port: 8_080 }),
  'sockets of IPv6 in /proc': (printed) => parseSockets(printed, 6, 8_080),
  'sockets that ss lists': (printed) => applyDetails([{ protocol: 'tcp', port: 1, address: '::', family: 6 }], printed),
  'listeners of /proc': parseListeners,
  'a process of /proc': (printed) => parseStat(printed, 0),
  'a time namespace': parseBoottimeOffset,
  'capabilities of /proc': (printed) => parseNetAdmin(printed, true),
  'mounts of /proc': parseContainerId,
  'policy rules': parsePolicyRules,
  routes: parseRoutes,
  policies: parsePolicies,
  'chains that drop': parseDroppingChains,
  accepts: (printed) => parseHandles(printed, 'lhf:abcde:x'),
  elements: (printed) => parseElements(partOf(printed, 'map ports'), 'lhf-golden01'),
  counters: parseHops,
  'a trace': (printed) => [parseDrops(printed), parseTranslators(printed), parseUntracked(printed)],
  'rules of iptables': (printed) => [parseRules(printed), parseJumps(printed), guards(printed)],
  'a session': parseSession,
  'ports of a label': parsePortsLabel,
  'options of node': (printed) => loaderOptions([printed], printed),
  'an answer of the engine': (printed) => describeNonsense('GET /networks', printed),
};

describe('what is read back', () => {
  test.each(Object.keys(readers))('%s: nothing in it is a crash', (what) => {
    const read = readers[what] ?? String;
    fc.assert(
      fc.property(listing, (printed) => void read(printed)),
      runs(what, 150),
    );
  });

  test('a session that is read is the one that is written', () => {
    const word = /^[0-9a-z]{8}-/;
    fc.assert(
      fc.property(
        fc.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-z]{1,8}-[0-9a-z]{1,6}-[0-9a-z]{1,8}-[0-9a-z]{5}$/),
        (session) => {
          const owner = parseSession(session);
          if (owner === undefined) return;
          expect(parseSession(renderSession(owner))).toEqual(owner);
          expect(renderSession(owner)).toMatch(word);
          expect(owner.pid).toBeGreaterThan(0);
        },
      ),
      runs('sessions', 200),
    );
  });

  test('a rule that goes back to iptables-restore is one rule, of words that mean there what they mean here', () => {
    const check = (printed: string): void => {
      const { doors, ways, detours } = parseWayIn(printed, printed, 'golde');
      for (const rule of [...doors, ...ways, ...detours]) {
        expect(printed.split('\n')).toContain(`-A ${ways.includes(rule) ? 'LHF' : 'PREROUTING'} ${rule}`);
        expect(isHarmless(rule)).toBe(true);
        expect(rule).not.toMatch(/\n|(?:^| )"?(?:-\w*M|--mod\b|--modp)|\\|'/);
      }
    };
    fc.assert(fc.property(listing, check), runs('rules', 300));
  });

  // Found by hand: iptables prints a comment's ends of lines as they are.
  test('a comment that looks like a rule is none', () => {
    const forged = `-A PREROUTING -m comment --comment "a
-A PREROUTING --modprobe=/tmp/x -j LHF
-A LHF -j LHF-abcde
" -j ACCEPT
-A PREROUTING -i lhf-+ -vM/tmp/x -j LHF
-A PREROUTING -i lhf-+ -m addrtype --dst-type LOCAL -j LHF`;
    expect(parseWayIn(forged, forged, 'abcde')).toMatchObject({
      doors: ['-i lhf-+ -m addrtype --dst-type LOCAL -j LHF'],
      ways: [],
      detours: [],
    });
  });
});

test('words that a guardian left say what they say, and steer no terminal', async () => {
  const around = await mkdtemp(join(tmpdir(), 'lhf-hostile-words-'));
  vi.stubEnv('TMPDIR', around);
  const told: string[] = [];
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void told.push(String(warning)));
  const folder = join(around, `localhost-forward-${process.getuid?.()}`);
  const session = '00000000-00000000-1-1-1-abcde';
  const stay = fc.record({ what: text, why: text });
  const words = fc.oneof(
    text,
    fc.array(stay, { maxLength: 3 }).map((stays) => JSON.stringify({ session, stays })),
    fc.json(),
  );
  const check = async (written: string): Promise<void> => {
    await mkdir(folder, { mode: 0o700 });
    await writeFile(join(folder, `${session}.json`), written, { mode: 0o600 });
    await tellWords();
    const [warning = ''] = told.splice(0);
    expect(isHarmless(warning)).toBe(true);
    expect(warning.split('\n').slice(1)).toEqual(['Try: localhost-forward sweep']);
  };
  await fc.assert(fc.asyncProperty(words, check), runs('words', 200));
  warn.mockRestore();
  vi.unstubAllEnvs();
  await rm(around, { recursive: true });
});

test('variables and files of compose’s are read, or refused in words', () => {
  const variables = fc.record({ COMPOSE_FILE: text, COMPOSE_PATH_SEPARATOR: text }, { requiredKeys: [] });
  const check = (env: Record<string, string>): void => {
    const value = withComposeFile('/tmp/ours.yaml', `${projectRoot}examples`, { COMPOSE_FILE: 'x', ...env });
    expect(value.endsWith('/tmp/ours.yaml')).toBe(true);
  };
  fc.assert(
    fc.property(variables, (env) => env['COMPOSE_FILE'] === '' || check(env) === undefined),
    runs('compose', 150),
  );
});
