import Docker from 'dockerode';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { explain, type Explanation } from '../../src/doctor/explain.ts';
import { openLocalhostForward, type LocalhostForward, type LocalhostForwardOptions } from '../../src/index.ts';
import type { Step } from '../../src/strategies/told.ts';
import { execHere, outputOf } from '../support/run.ts';
import { listenTcp } from '../support/services.ts';
import { importSshdImage } from '../support/sshd-image.ts';

// What `run --dry-run` prints is compared with what an opening then does: what goes over the wire to the engine, what the programs are
// told, and what the kernel has afterwards.

interface Dial {
  readonly method: string;
  readonly path: string;
  readonly hijack?: boolean;
  readonly options?: Readonly<Record<string, unknown>> | null;
}

/** The programs of containers are long, and differ in length where they differ. */
const shortened = (_key: string, value: unknown): unknown =>
  typeof value === 'string' && value.length > 2_000 ? value.length : value;

/** A client whose calls that change something are noted, in the words of an explanation. */
const listeningClient = () => {
  const docker = new Docker();
  const calls: string[] = [];
  const names = new Map<string, string>();
  const modem = docker.modem as unknown as { dial(to: Dial, done: (error: unknown, answer?: unknown) => void): void };
  const dial = modem.dial.bind(modem);
  modem.dial = (to, done) => {
    const { method, path, hijack, options } = to;
    const body = JSON.stringify(options ?? {}, shortened);
    // To wait for what is going already changes nothing.
    if (method !== 'GET' && hijack !== true && !path.includes('/wait')) {
      const byName = [...names].reduce((text, [id, name]) => text.replaceAll(id, name), path.replace(/\?$/, ''));
      calls.push(`${method} ${byName} ${method === 'POST' ? body : ''}`);
    }
    const { name, Name = name } = (options ?? {}) as { name?: string; Name?: string };
    dial(to, (error, answer) => {
      const { Id = '' } = (answer ?? {}) as { Id?: string };
      if (path.includes('/create') && Id !== '' && Name !== undefined) names.set(Id, Name);
      done(error, answer);
    });
  };
  return { docker, calls };
};

/** What our programs are told, as `DEBUG` prints it. */
const listenToPrograms = (): string[] => {
  const said: string[] = [];
  vi.stubEnv('DEBUG', 'localhost-forward');
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    const [, line] = /^localhost-forward ((?:nft|iptables-restore) .*): done/s.exec(String(text)) ?? [];
    // Nothing is written where only the holder is to know.
    if (line !== undefined && line !== 'iptables-restore ') said.push(line);
    return true;
  });
  return said;
};
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** Without what is another for each forward: its name, the hour, the probe's number, the keys of its sshd, its folder. */
const normal = (text: string, { name }: { readonly name: string }): string =>
  text
    .replaceAll(name.slice('lhf-'.length), '<id>')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<hour>')
    .replaceAll(/(lhf-probe-\w{5})-\d+/g, '$1')
    .replaceAll(/(lhf-rights-)\w{8}(?:-\w{20})?/g, '$1<id>')
    .replaceAll(/("(?:HOST|USER)_KEY=)[^"]*"/g, '$1"')
    .replaceAll(/(lhf-carried-[\w<>-]+-)\w{6}\//g, '$1/');

const stepsOf = ({ opening, closing }: Explanation): readonly Step[] => [...opening, ...closing];

const calls = (told: Explanation): string[] =>
  stepsOf(told)
    .filter(({ by }) => by === 'engine')
    .map(({ call, body }) => {
      const path = call.replace(/\?.*/, '');
      return `${path} ${call.startsWith('POST') ? JSON.stringify(body ?? {}, shortened) : ''}`;
    });

/**
 * What is removed is removed at once, and is noted in any order, twice where something of it was still going. The container that changes the
 * kernel is started beside all the rest.
 */
const inOrder = (noted: readonly string[]): string[] => [
  ...noted.filter((call) => isBeside(call)),
  ...noted.filter((call) => !isBeside(call) && !call.startsWith('DELETE ')),
  ...new Set(noted.filter((call) => call.startsWith('DELETE ')).toSorted()),
];

const isBeside = (call: string): boolean => call.startsWith('POST /containers/') && call.includes('lhf-rights-');

const programs = (told: Explanation, by: 'nft' | 'iptables'): string[] =>
  stepsOf(told)
    .filter((step) => step.by === by)
    .map(({ lines }) => `${by === 'nft' ? 'nft' : 'iptables-restore'} ${lines.join('; ')}`);

/** What the parameters of an interface are, IPv4 and IPv6. */
const parametersOf = (name: string): Map<string, string> => {
  const folders = [`/proc/sys/net/ipv4/conf/${name}`, `/proc/sys/net/ipv6/conf/${name}`];
  const read = (path: string): string => {
    try {
      return readFileSync(path, 'utf8').trim();
    } catch {
      // Some may only be written.
      return '';
    }
  };
  return new Map(
    folders.flatMap((folder) => readdirSync(folder).map((key) => [`${folder}/${key}`, read(`${folder}/${key}`)])),
  );
};

/** As the kernel lists rules, without what it counted and where it stands in a hash. */
const listed = (text: string): string[] =>
  text
    .replaceAll(/ # progname .*/g, '')
    .replaceAll(/ ?(?:counter )?packets \d+ bytes \d+/g, '')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/^(:\S+ \S+) \[\d+:\d+\]$/gm, '$1')
    .replaceAll(/\{ \w+ : .*/g, '')
    .split(/[\n,]/)
    .map((line) => line.trim().replace(/^elements = \{ /, ''))
    .filter((line) => line !== '')
    .toSorted();

/** What these commands come to where nothing else is. */
const inEmptyNetwork = (script: string): Promise<string> =>
  outputOf(execHere, ['unshare', '--net', 'sh', '-c', script]);
const nft = (lines: readonly string[]): string =>
  `HOME=/nonexistent nft -i <<'END'\n${lines.join('\n')}\nlist ruleset\nEND\n`;
const restore = (lines: readonly string[]): string =>
  `iptables-restore --noflush <<'END' || exit 1\n${lines.join('\n')}\nEND\n`;

const strategies: readonly (readonly [string, LocalhostForwardOptions])[] = [
  ['nftables', { strategy: 'nftables' }],
  ['nftables, hermetic', { strategy: 'nftables', hermetic: true }],
  ['iptables', { strategy: 'iptables' }],
  ['relay', { strategy: 'relay' }],
  ['sidecar', { strategy: 'sidecar' }],
  ['tunnel', { strategy: 'tunnel' }],
  ['nftables, by a container', { strategy: 'nftables', privilege: 'container' }],
  ['iptables, by a container', { strategy: 'iptables', privilege: 'container' }],
];

beforeAll(async () => void (process.env['LOCALHOST_FORWARD_TUNNEL_IMAGE'] = await importSshdImage(new Docker())));

describe.each(strategies)('%s', (_name, options) => {
  test('tells each call of the engine and each command, to open and to close, as they are then made', async () => {
    await using service = await listenTcp();
    const port = { hostPort: service.port, containerPort: 80 };
    const { docker, calls: made } = listeningClient();
    const asked = { ...options, docker, subnet: '198.18.77.0/28' };

    const told = await explain(port, asked);
    expect(made).toEqual([]);

    const said = listenToPrograms();
    let name = '';
    await (async () => {
      await using net = await openLocalhostForward(port, asked);
      name = net.networkName;
    })();
    vi.restoreAllMocks();
    const [mine, its] = [{ name }, told.network];
    expect(inOrder(made.map((call) => normal(call, mine)))).toEqual(
      inOrder(calls(told).map((call) => normal(call, its))),
    );
    for (const by of ['nft', 'iptables'] as const) {
      const program = by === 'nft' ? 'nft ' : 'iptables-restore ';
      expect(said.filter((line) => line.startsWith(program)).map((line) => normal(line, mine))).toEqual(
        programs(told, by).map((line) => normal(line, its)),
      );
    }
  });
});

describe('the command line', () => {
  const main = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
  const cli = (...args: readonly string[]): ReturnType<typeof execHere> =>
    execHere([process.execPath, main, ...args], { timeoutMs: 60_000, env: { NO_COLOR: '1' } });

  test('tells without a command, in words and as one document, and has done nothing', async () => {
    const words = await cli('run', '8088:80', '53/udp', '--dry-run', '--compose', 'web');
    expect(words.exitCode, words.stderr).toBe(0);
    expect(words.stdout).toMatch(
      /^nftables as root, network lhf-\w{8} [\d./]+; nothing is done\nhost\.docker\.internal:80 → 127\.0\.0\.1:8088\nhost\.docker\.internal:53 → 127\.0\.0\.1:53 \(udp\)\n/,
    );
    for (const said of ['to open', 'to close', 'if this process dies', 'not installed', 'named to compose'])
      expect(words.stdout).toContain(`\n${said}`);
    const { stdout } = await cli('run', '8088', '--dry-run', '--strategy', 'relay', '--json');
    const document = JSON.parse(stdout) as Explanation;
    const schema = JSON.parse(readFileSync('schema/explanation.json', 'utf8')) as object;
    const check = new Ajv2020({ strict: false }).compile(schema);
    expect(check(document), JSON.stringify(check.errors)).toBe(true);
    expect(document.omitted).toEqual(
      expect.arrayContaining(['no nftables table', 'no iptables rule', 'no kernel parameter']),
    );
    // Its own process has ended, and others' counters go on.
    const [, nonce = 'none'] = /network lhf-(\w{5})/.exec(words.stdout) ?? [];
    const rules = await outputOf(execHere, ['nft', 'list', 'ruleset']);
    const networks = (await new Docker().listNetworks()).map(({ Name }) => Name).join(' ');
    for (const one of [nonce, document.network.name.slice('lhf-'.length, -3)])
      expect(`${rules} ${networks}`).not.toContain(one);
  });

  test('explains each strategy that works here', async () => {
    const { stdout, exitCode } = await cli('doctor', '--explain', '--json');
    expect(exitCode).toBe(0);
    const { explanations } = JSON.parse(stdout) as { explanations: readonly Explanation[] };
    expect(explanations.map(({ strategy }) => strategy)).toEqual([
      'nftables',
      'iptables',
      'relay',
      'sidecar',
      'tunnel',
    ]);
  });

  test('knows one document of `run` alone', async () => {
    expect(await cli('run', '8088', '--json', '--', 'true')).toMatchObject({ exitCode: 2, stdout: '' });
  });
});

const parametersToBe = ({ opening }: Explanation): Map<string, string> =>
  new Map(
    opening
      .filter(({ by }) => by === 'sysctl')
      .flatMap(({ lines }) => lines.map((line) => line.split(' = ') as [string, string])),
  );

describe.each([strategies[0], strategies[1], strategies[2]].flatMap((one) => (one === undefined ? [] : [one])))(
  'by %s the kernel',
  (_name, options) => {
    let told: Explanation;
    let net: LocalhostForward | undefined;
    const isIptables = options.strategy === 'iptables';
    const linesOf = (steps: readonly Step[], by: Step['by']): string[] =>
      steps.filter((step) => step.by === by).flatMap(({ lines }) => lines);
    const asMine = (text: string): string => text.replaceAll(told.network.name.slice('lhf-'.length), net?.id ?? '');

    test('has the rules and the parameters that were told, and no other; and none of them is left', async () => {
      await using service = await listenTcp();
      const port = { hostPort: service.port, containerPort: 80 };
      const asked = { ...options, verify: false, subnet: '198.18.78.0/28' };
      told = await explain(port, asked);
      const before = parametersOf('default');
      net = await openLocalhostForward(port, asked);
      try {
        const tables = ['', '_guard'].map((kind) => `lhf${kind}_${net?.id.slice(0, 5)}`);
        const real = await Promise.all(
          tables.map((table) => outputOf(execHere, ['nft', 'list', 'table', 'ip', table])),
        );
        const opened = asMine(linesOf(told.opening, 'nft').join('\n')).split('\n');
        expect(listed(real.join('\n'))).toEqual(listed(await inEmptyNetwork(nft(opened))));

        const chains = listed(await outputOf(execHere, ['iptables-save'])).filter((line) => line.includes('LHF'));
        const restored = asMine(linesOf(told.opening, 'iptables').join('\n')).split('\n');
        expect(chains.length > 0).toBe(isIptables);
        if (isIptables) {
          const saved = await inEmptyNetwork(`${restore(restored)}iptables-save`);
          expect(chains).toEqual(listed(saved).filter((line) => line.includes('LHF')));
        }

        const toBe = new Map([...parametersToBe(told)].map(([key, value]) => [asMine(key), value]));
        const now = parametersOf(net.bridgeName);
        for (const [key, value] of toBe) expect(`${key} = ${now.get(key)}`).toBe(`${key} = ${value}`);
        // The engine sets some itself, on every bridge.
        const ofEngine =
          /\/(?:accept_ra|accept_dad|disable_ipv6|mtu|forwarding|mc_forwarding|stable_secret|tempaddr)$|_mtu$|base_mtu/;
        const others = [...now].filter(([key, value]) => {
          const usual = before.get(key.replace(net?.bridgeName ?? '', 'default'));
          return usual !== value && !toBe.has(key) && !ofEngine.test(key);
        });
        expect(others).toEqual([]);
      } finally {
        await net.close();
      }

      // What closes it leaves an empty network empty, and this one without a trace.
      const both = [...linesOf(told.opening, 'nft'), ...linesOf(told.closing, 'nft')];
      expect((await inEmptyNetwork(nft(both))).trim()).toBe('');
      if (isIptables) {
        const closed = `${restore(linesOf(told.opening, 'iptables'))}${restore(linesOf(told.closing, 'iptables'))}`;
        expect(await inEmptyNetwork(`${closed}iptables-save`)).not.toContain('LHF');
      }
      expect(linesOf(told.closing, 'sysctl')).toEqual([
        `/proc/sys/net/ipv4/conf/${told.network.bridge}/route_localnet = 0`,
      ]);
    });
  },
);
