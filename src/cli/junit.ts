import type { SmokeRun } from '../smoke/report.ts';

/** Runs of the smoke check as JUnit's XML, a suite each, as CI systems read it. */
export const renderJunit = (runs: readonly SmokeRun[]): string => {
  const suites = runs.map((run) => ({
    name: `localhost-forward smoke ${run.strategy ?? ''}`.trim(),
    run,
    failures: run.steps.filter(({ ok }) => !ok).length,
  }));
  const total = {
    tests: sum(runs.map(({ steps }) => steps.length)),
    failures: sum(suites.map(({ failures }) => failures)),
    ms: sum(runs.map(lengthOf)),
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="localhost-forward" tests="${total.tests}" failures="${total.failures}" errors="0" time="${seconds(total.ms)}">`,
    ...suites.flatMap(({ name, run, failures }) => [
      `  <testsuite name="${escapeXml(name)}" tests="${run.steps.length}" failures="${failures}" errors="0" skipped="0" time="${seconds(lengthOf(run))}">`,
      ...run.steps.flatMap((step) => {
        const open = `    <testcase classname="${escapeXml(name)}" name="${escapeXml(step.name)}" time="${seconds(step.ms)}"`;
        if (step.ok) return [`${open}/>`];
        const text = [
          run.failure?.message ?? step.detail,
          ...(run.failure?.evidence ?? []),
          ...(run.failure?.try === undefined ? [] : [`Try: ${run.failure.try}`]),
        ].join('\n');
        return [
          `${open}>`,
          `      <failure message="${escapeXml(step.detail)}">${escapeXml(text)}</failure>`,
          '    </testcase>',
        ];
      }),
      '  </testsuite>',
    ]),
    '</testsuites>',
    '',
  ].join('\n');
};

const lengthOf = ({ steps }: SmokeRun): number => sum(steps.map(({ ms }) => ms));
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const seconds = (ms: number): string => (ms / 1000).toFixed(3);

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\n': '&#10;',
};

// What XML 1.0 cannot carry, escaped or not, is left out.
const escapeXml = (text: string): string =>
  text
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
    .replaceAll(/[&<>"'\n]/g, (letter) => entities[letter] ?? letter);
