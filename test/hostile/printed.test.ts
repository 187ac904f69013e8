import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { renderReport } from '../../src/cli/doctor.ts';
import { fail } from '../../src/cli/fail.ts';
import { renderAnnotation, renderSummary } from '../../src/cli/github.ts';
import { renderJunit } from '../../src/cli/junit.ts';
import { renderForwards } from '../../src/cli/ls.ts';
import { renderFailure } from '../../src/cli/render-failure.ts';
import { renderStep } from '../../src/cli/step-list.ts';
import { renderSweep } from '../../src/cli/sweep.ts';
import { debug } from '../../src/command/debug.ts';
import type { DoctorReport } from '../../src/doctor/doctor.ts';
import { LocalhostForwardError } from '../../src/errors.ts';
import { renderComposeOverride } from '../../src/forward/compose.ts';
import { printable, printableLine, renderJson } from '../../src/printable.ts';
import { renderPassCommand } from '../../src/proof/pass-command.ts';
import { execHere, outputOf } from '../support/run.ts';
import { failedRun, failure, run, terminal } from '../unit/cli/example.ts';
import { machineWith } from '../unit/support/machine.ts';
import { isHarmless, runs, text } from './generated.ts';

const { colors, width } = terminal(80);

/** Each way in which something that others named is shown, from six names. */
const shown: Readonly<Record<string, (names: readonly string[]) => string>> = {
  ls: ([a = '', b = '', c = '', d = '', e = '']) =>
    renderForwards(
      [
        {
          id: a,
          networkName: a,
          networkId: b,
          bridgeName: b,
          subnet: c,
          ports: [],
          created: d,
          pid: 1,
          command: e,
          isCurrent: true,
          alive: 'alive',
          session: '',
        },
      ],
      colors,
      undefined,
    ).join('\n'),
  doctor: ([a = '', b = '', c = '', d = '', e = '', f = '']) => {
    const { host, engine } = machineWith();
    const report: DoctorReport = {
      ok: false,
      strategy: null,
      privilege: null,
      engine: { ...engine, name: a, version: b },
      host,
      ladder: [{ privilege: 'sudo', works: false, reason: c }],
      firewall: { ufw: false, firewalld: false, droppingPolicies: [d] },
      reasons: [{ strategy: 'relay', chosen: false, reason: e }],
      open: 0,
      left: [{ bridge: '', owner: f, things: [a, b] }],
      subnets: null,
      problem: c,
    };
    return renderReport(report, colors, 80).join('\n');
  },
  sweep: ([a = '', b = '', c = '', d = '']) =>
    renderSweep(
      {
        removed: [{ kind: 'network', name: a, owner: b }],
        spared: [],
        failed: [{ kind: 'rules', name: c, reason: d }],
      },
      colors,
      80,
    ).join('\n'),
  'a step': ([name = '', detail = '']) =>
    renderStep({ name: printableLine(name), ok: true, ms: 1, detail }, { colors, width }),
  'a failure': ([message = '', evidence = '', advice = '', detail = '']) =>
    renderFailure(
      {
        ...failure,
        message,
        evidence: [evidence],
        try: advice,
        diagnosis: { ...failure.diagnosis, hops: [{ name: 'bridge', ok: true, detail }] } as typeof failure.diagnosis &
          object,
      },
      { colors, width },
    ),
  'an error': ([what = '', evidence = '', advice = '']) =>
    new LocalhostForwardError('LHF_ERR_RULES', { what, evidence: [evidence], try: advice }).message,
  'an error that nobody foresaw': ([message = '']) => {
    let written = '';
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((part) => {
      written += String(part);
      return true;
    });
    fail(new TypeError(message));
    write.mockRestore();
    return written.replaceAll(/\u001b\[\d+m/g, '');
  },
  'a line for DEBUG': ([line = '']) => {
    let written = '';
    vi.stubEnv('DEBUG', 'localhost-forward*');
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((part) => {
      written += String(part);
      return true;
    });
    debug(line);
    write.mockRestore();
    vi.unstubAllEnvs();
    return written;
  },
  JSON: (names) => renderJson(names, 2),
};

const names = fc.array(text, { minLength: 6, maxLength: 6 });

describe('what others named', () => {
  test.each(Object.keys(shown))('does nothing to a terminal: %s', (where) => {
    fc.assert(
      fc.property(names, (six) => {
        expect(isHarmless(shown[where]?.(six) ?? '')).toBe(true);
      }),
      runs(where, 150),
    );
  });

  test('is the same in JSON', () => {
    fc.assert(
      fc.property(names, (six) => {
        expect(JSON.parse(renderJson(six, 2))).toEqual(JSON.parse(JSON.stringify(six)));
      }),
      runs('JSON', 150),
    );
  });

  test('adds no line of advice to an error', () => {
    const check = ([what = '', evidence = '', advice = '']: readonly string[]): void => {
      const { message } = new LocalhostForwardError('LHF_ERR_RULES', {
        what: `x${what}`,
        evidence: [evidence],
        try: advice,
      });
      expect(message.split('\n').filter((line) => line.startsWith('Try:'))).toHaveLength(1);
    };
    fc.assert(fc.property(names, check), runs('advice', 150));
  });

  test('is text in JUnit', () => {
    const check = ([a = '', b = '', c = '', d = '']: readonly string[]): void => {
      const steps = [{ name: a, ok: false, ms: 1, detail: b }];
      const xml = renderJunit([{ ...failedRun, steps, failure: { ...failure, message: c, evidence: [d], try: a } }]);
      expect(xml.match(/<[^>]*>/g)?.map((tag) => /^<[?/]?\w+/.exec(tag)?.[0])).toEqual([
        '<?xml',
        '<testsuites',
        '<testsuite',
        '<testcase',
        '<failure',
        '</failure',
        '</testcase',
        '</testsuite',
        '</testsuites',
      ]);
      expect(xml).not.toMatch(/&(?!(?:amp|lt|gt|quot|apos|#10);)/);
      expect(xml).not.toMatch(/[^\t\n\r\u0020-\ufffd\u{10000}-\u{10ffff}]/u);
      for (const tag of xml.match(/<[^>]*>/g) ?? [])
        expect(tag.replaceAll(/"[^"<&]*(?:&[\w#]+;[^"<&]*)*"/g, '')).not.toMatch(/["']/);
    };
    fc.assert(fc.property(names, check), runs('JUnit', 200));
  });

  test('is one command, and a table’s cell, in GitHub', () => {
    const check = ([a = '', b = '', c = '']: readonly string[]): void => {
      expect(
        renderAnnotation({ message: a, evidence: [b], try: c }, a)
          .trimEnd()
          .split(/[\r\n]/),
      ).toHaveLength(1);
      const summary = renderSummary([run({ steps: [{ name: a, ok: true, ms: 1, detail: b }] })]);
      expect(summary.split('\n').filter((line) => line.startsWith('| ✓ |'))).toHaveLength(1);
      expect(summary.replaceAll(/\\[\\|`*_<>[\]]/g, '')).not.toMatch(/[<>`*[\]]/);
    };
    fc.assert(fc.property(names, check), runs('GitHub', 150));
  });

  test('is a string in YAML', () => {
    const check = ([networkName = '', gateway = '']: readonly string[]): void => {
      const yaml = renderComposeOverride(['web'], { networkName, hostnames: ['h'], gateway });
      const read = parse(yaml, { logLevel: 'silent' }) as {
        services: { web: { networks: string[] } };
        networks: object;
      };
      expect(Object.keys(read)).toEqual(['services', 'networks']);
      expect(read.services.web.networks).toEqual(['default', JSON.parse(JSON.stringify(networkName))]);
      expect(isHarmless(yaml)).toBe(true);
    };
    fc.assert(fc.property(names, check), runs('YAML', 200));
  });

  test('is a word of the shell in advice', async () => {
    const places = fc.sample(names, { ...runs('shell', 40) }).map(([family = '', table = '', baseChain = '']) => ({
      family,
      table,
      baseChain,
    }));
    const advised = places
      .map((place) =>
        Object.fromEntries(Object.entries(place).map(([key, word]) => [key, word.replaceAll('\0', '') || 'x'])),
      )
      .map((place) =>
        renderPassCommand(
          { bridge: 'lhf-abcde001', subnet: '198.18.0.0/27', drops: [{ ...place, chain: '', rule: '' } as never] },
          'input',
        ),
      );
    // A shell counts its words: sudo nft insert rule <family> <table> <chain> and what follows.
    const counting = advised.map((line) => line.replace(/^sudo /, 'count ')).join('\n');
    const counted = await outputOf(execHere, ['sh', '-c', `count() { echo "$#"; }\n${counting}`]);
    expect(new Set(counted.trim().split('\n'))).toEqual(new Set(['15']));
  });

  // Found by hand.
  test.each([
    ['\u001b[2J\u009b', String.raw`\x1b[2J\x9b`],
    ['a\u202eb\u2028', String.raw`a\u202eb\u2028`],
    ['\ud800', String.raw`\ud800`],
    ['\u{e0001}', String.raw`\u{e0001}`],
    ['é 日本 👍 ✓', 'é 日本 👍 ✓'],
  ])('%j is shown as %s', (given, told) => {
    expect(printable(given)).toBe(told);
    expect(printable('a\n\tb')).toBe('a\n\tb');
    expect(printableLine('a\n\tb')).toBe(String.raw`a\n\tb`);
  });

  test('a pattern of many stars in DEBUG is read in no time', () => {
    vi.stubEnv('DEBUG', `${'*'.repeat(64)}x`);
    debug('never told');
    vi.unstubAllEnvs();
  });
});
