import type { SmokeFailure, SmokeRun } from '../smoke/report.ts';

/** A failure as GitHub's workflow command, which shows it on the run's page. */
export const renderAnnotation = (
  { message, evidence, try: advice }: SmokeFailure,
  title = 'localhost-forward smoke',
): string => {
  const text = [message, ...evidence, ...(advice === undefined ? [] : [`Try: ${advice}`])].join('\n');
  return `::error title=${escapeProperty(title)}::${escapeData(text)}\n`;
};

/** Runs as Markdown for a job's summary: a table of steps each, and why one failed. */
export const renderSummary = (runs: readonly SmokeRun[]): string =>
  runs
    .map((run) => {
      const heading = `### ${run.ok ? '✅' : '❌'} localhost-forward smoke: ${run.strategy ?? 'no strategy'}${run.privilege === null ? '' : ` as ${run.privilege}`}`;
      const rows = run.steps.map(
        ({ name, ok, ms, detail }) =>
          `| ${ok ? '✓' : '✗'} | ${escapeCell(name)} | ${Math.round(ms)} ms | ${escapeCell(detail)} |`,
      );
      return [
        heading,
        '',
        '|  | step | time | seen |',
        '| --- | --- | ---: | --- |',
        ...rows,
        '',
        ...(run.failure === undefined ? [] : renderReason(run.failure)),
      ].join('\n');
    })
    .join('\n');

const renderReason = ({ message, evidence, try: advice, diagnosis }: SmokeFailure): string[] => {
  const hops = diagnosis?.hops
    .map(({ name, ok }) => `${name} ${ok === undefined ? '·' : ok ? '✓' : '✗'}`)
    .join(' ──▶ ');
  const lines = [
    message,
    ...evidence.map((line) => `  ${line}`),
    ...(hops === undefined || hops === '' ? [] : ['', hops]),
    ...(advice === undefined ? [] : ['', `Try: ${advice}`]),
  ];
  // A fence longer than any in the text cannot be closed by it.
  const fence = '`'.repeat(
    Math.max(3, 1 + Math.max(0, ...(lines.join('\n').match(/`+/g) ?? []).map(({ length }) => length))),
  );
  return [fence, ...lines, fence, ''];
};

const escapeData = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
const escapeCell = (text: string): string => text.replaceAll(/[\\|`*_<>[\]]/g, String.raw`\$&`).replaceAll(/\s+/g, ' ');
