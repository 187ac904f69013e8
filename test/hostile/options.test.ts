import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parsePortWord, PortSyntaxError } from '../../src/cli/ports.ts';
import { readPeer } from '../../src/capture/callers.ts';
import { renderComposeOverride } from '../../src/forward/compose.ts';
import { readContainer } from '../../src/forward/localhosts.ts';
import { parseCutOptions, parseSlowOptions } from '../../src/options/faults.ts';
import { readHandover } from '../../src/options/handover.ts';
import { parseOpenArguments, parseProofOptions } from '../../src/options/options.ts';
import { parseReached } from '../../src/options/reached.ts';
import { parseRequestMatch } from '../../src/options/request-match.ts';
import { renderChange as renderChains } from '../../src/strategies/netfilter/iptables/rules.ts';
import { elementsOf, renderChange, tableNamesOf } from '../../src/strategies/netfilter/tables/rules.ts';
import { privilegeNames, strategyNames } from '../../src/types.ts';
import { armed, fields, outcomeOf, runs, text, value } from './generated.ts';

const port = fc.integer({ min: 0, max: 65_535 });
const portObject = fields({
  hostPort: port,
  containerPort: fc.integer({ min: 1, max: 65_535 }),
  protocol: fc.constantFrom('tcp', 'udp'),
  hostAddress: fc.constantFrom('127.0.0.1', '::1'),
});
const ports = fc.oneof(
  port,
  portObject,
  fc.array(fc.oneof(port, portObject), { maxLength: 5 }),
  fc.array(fc.oneof(port, portObject, value), { maxLength: 4 }),
  value,
);
const cidr = fc.constantFrom('198.18.7.0/28', '10.0.0.0/8', '10.1.2.0/24');
const name = fc.constantFrom('host.docker.internal', 'a', 'A.b-c');
const proof = fields({
  timeoutMs: fc.integer({ min: 0, max: 700_000 }),
  image: fc.constantFrom('node:24', 'x/y@sha256:1'),
});
const options = fc.oneof(
  {
    weight: 8,
    arbitrary: fields({
      strategy: fc.constantFrom('auto', ...strategyNames),
      privilege: fc.constantFrom('auto', ...privilegeNames),
      verify: fc.oneof(fc.boolean(), proof),
      listener: fc.boolean(),
      hermetic: fc.boolean(),
      hostname: fc.oneof(name, fc.array(fc.oneof(name, text), { maxLength: 3 })),
      subnet: cidr,
      labels: fc.dictionary(fc.constantFrom('team', 'com.example/x'), text, { maxKeys: 2 }),
      signal: fc.constant(new AbortController().signal),
    }),
  },
  { weight: 1, arbitrary: value },
);
const env = fields({
  LOCALHOST_FORWARD_STRATEGY: fc.constantFrom('', 'relay'),
  LOCALHOST_FORWARD_PRIVILEGE: fc.constantFrom('', 'root'),
  LOCALHOST_FORWARD_PROBE_IMAGE: fc.constantFrom('', 'node:24'),
  LOCALHOST_FORWARD_SUBNET_POOL: fc.constantFrom('', '10.0.0.0/8'),
  LOCALHOST_FORWARD_FIREWALL: fc.constantFrom('', 'leave'),
}).map((given) =>
  Object.fromEntries(Object.entries(given).map(([key, one]) => [key, typeof one === 'string' ? one : ''])),
);

// An engine and programs that write down that they were asked.
const folder = mkdtempSync(join(tmpdir(), 'lhf-hostile-'));
const record = join(folder, 'touched');
const engine = createServer((socket) => {
  appendFileSync(record, 'engine\n');
  socket.destroy();
});
vi.mock('../../src/command/find-program.ts', async (original) => ({
  ...(await original<object>()),
  findProgram: (file: string) => {
    appendFileSync(record, `${file}\n`);
    return '/bin/false';
  },
}));
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    engine.listen(join(folder, 'docker.sock'), resolve);
  });
  vi.stubEnv('DOCKER_HOST', `unix://${join(folder, 'docker.sock')}`);
});
afterAll(() => {
  vi.unstubAllEnvs();
  engine.close();
  rmSync(folder, { recursive: true });
});

describe('what a program passes', () => {
  test('is taken as it was planned, or refused by an error of ours', () => {
    const seen = { given: 0, refused: 0 };
    const check = ([given, wishes, variables]: [unknown, unknown, Record<string, string>]): void => {
      const outcome = outcomeOf(() => parseOpenArguments(armed(given), armed(wishes), variables));
      if ('refused' in outcome) {
        seen.refused += 1;
        expect(outcome.refused).toMatch(/^(?:Expected `|Unknown |Reading `)/);
        return;
      }
      seen.given += 1;
      const { hostnames, subnet, subnetPool } = outcome.given.options;
      expect([...hostnames].every((one) => /^[a-z0-9.-]{1,253}$/i.test(one))).toBe(true);
      expect([subnet?.cidr ?? subnetPool, subnetPool].every((one) => /^[\d.]+\/\d+$/.test(one))).toBe(true);
      const planned = outcome.given.ports.map(({ hostPort, containerPort = 1, protocol }) => ({
        protocol,
        containerPort,
        targetPort: hostPort || 1,
      }));
      checkRules(planned);
    };
    fc.assert(fc.property(fc.tuple(ports, options, env), check), runs('options', 1_500));
    expect(seen.given).toBeGreaterThan(100);
    expect(seen.refused).toBeGreaterThan(300);
  });

  test('has no effect where it is refused', async () => {
    const { openLocalhostForward } = await import('../../src/forward/open.ts');
    let tried = 0;
    const check = async ([given, wishes]: [unknown, unknown]): Promise<void> => {
      if (!('refused' in outcomeOf(() => parseOpenArguments(armed(given), armed(wishes), {})))) return;
      tried += 1;
      const opening = openLocalhostForward(armed(given) as number, armed(wishes) as object);
      await expect(opening).rejects.toMatchObject({ code: 'LHF_ERR_INVALID_OPTION' });
      expect(existsSync(record)).toBe(false);
    };
    await fc.assert(fc.asyncProperty(fc.tuple(ports, options), check), runs('effects', 150));
    expect(tried).toBeGreaterThan(30);
    await openLocalhostForward([], { verify: false }).catch(() => undefined);
    expect(existsSync(record)).toBe(true);
  });

  const handover = fields({
    id: fc.constantFrom('abcde001'),
    bridgeName: fc.constantFrom('lhf-abcde001'),
    networkName: fc.constantFrom('lhf-abcde001'),
    networkId: fc.constantFrom('f00'),
    subnet: cidr,
    gateway: fc.constantFrom('198.18.7.1'),
    hostname: name,
    strategy: fc.constantFrom(...strategyNames),
    privilege: fc.constantFrom(...privilegeNames),
    ports: fc.array(portObject, { maxLength: 2 }),
  });
  const readers: Readonly<Record<string, readonly [fc.Arbitrary<unknown>, (given: unknown) => unknown]>> = {
    'a cut': [fields({ mode: fc.constantFrom('refuse', 'drop') }), parseCutOptions],
    slowness: [fields({ latencyMs: port, jitterMs: port, bytesPerSecond: port }), parseSlowOptions],
    'a match': [fields({ method: fc.constant('GET'), path: fc.constant(/x/g), timeoutMs: port }), parseRequestMatch],
    'an expectation': [fields({ port, times: port, withinMs: port }), parseReached],
    'a proof': [proof, (given) => parseProofOptions(given, { timeoutMs: 1 })],
    'a container': [fc.oneof(text, fields({ getId: fc.constant(() => 'x') })), readContainer],
    'a caller': [fc.oneof(text, fields({ socket: value, remoteAddress: text })), (given) => readPeer(given as string)],
    'a hand-over': [handover, readHandover],
    services: [
      fc.oneof(fc.array(fc.oneof(text, fc.constant('web'), value), { maxLength: 3 }), value),
      (given) => renderComposeOverride(given as string[], { networkName: 'n', hostnames: ['h'], gateway: 'g' }),
    ],
  };
  test.each(Object.keys(readers))('%s is read, or refused by an error of ours', (what) => {
    const [good, read] = readers[what] ?? [value, () => undefined];
    const given = fc.oneof({ weight: 4, arbitrary: good }, { weight: 1, arbitrary: value });
    fc.assert(
      fc.property(given, (one) => void outcomeOf(() => read(armed(one)))),
      runs(what, 500),
    );
  });
});

test('a word for a port is one, or refused', () => {
  const word = fc.oneof(
    text,
    fc.tuple(port, port).map(([a, b]) => `${a}:${b}`),
    port.map((one) => `${one}/udp`),
  );
  const check = (given: string): void => {
    try {
      const { hostPort, containerPort = 1 } = parsePortWord(given);
      expect(hostPort <= 65_535 && containerPort >= 1 && containerPort <= 65_535).toBe(true);
    } catch (error) {
      expect(error).toBeInstanceOf(PortSyntaxError);
    }
  };
  fc.assert(fc.property(word, check), runs('ports', 500));
});

interface Planned {
  readonly protocol: 'tcp' | 'udp';
  readonly containerPort: number;
  readonly targetPort: number;
}

/** The texts of rules say the ports that were planned, and nothing else. */
const checkRules = (planned: readonly Planned[]): void => {
  const [bridge, session] = ['lhf-abcde001', '00000000-00000000-1-1-1-abcde'];
  const rules = { ports: planned, probe: undefined, translates: true };
  const tables = tableNamesOf('abcde', session);
  const ofNft = renderChange(tables, new Map(), elementsOf(tables, bridge, rules)).join('\n');
  const chains = new Map([[bridge, rules]]);
  const ofIptables = renderChains('nat', new Map(), chains, { nonce: 'abcde', session }).join('\n');
  const translated = Array.from(ofNft.matchAll(/"lhf-abcde001" \. (\w+) \. (\d+) : 127\.0\.0\.1 \. (\d+)/g));
  const led = Array.from(
    ofIptables.matchAll(/ -p (\w+) .* --dport (\d+) -j DNAT --to-destination 127\.0\.0\.1:(\d+)$/gm),
  );
  const words = (found: readonly (readonly (string | undefined)[])[]): string[] =>
    found.map(([, ...parts]) => parts.join(' ')).toSorted();
  const plan = [...new Map(planned.map((one) => [`${one.protocol} ${one.containerPort}`, one])).values()]
    .map(({ protocol, containerPort, targetPort }) => `${protocol} ${containerPort} ${targetPort}`)
    .toSorted();
  expect(words(translated)).toEqual(plan);
  expect(new Set(words(led))).toEqual(
    new Set(planned.map((one) => `${one.protocol} ${one.containerPort} ${one.targetPort}`)),
  );
  expect(`${ofNft}\n${ofIptables}`).toMatch(/^[\w\n{}".:,;*+\-/[\] ]*$/);
};
