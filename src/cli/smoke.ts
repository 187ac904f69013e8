import { appendFile, writeFile } from 'node:fs/promises';
import { now } from '../clock.ts';
import { availableStrategies } from '../smoke/available-strategies.ts';
import { renderJson } from '../printable.ts';
import { runSmoke } from '../smoke/smoke.ts';
import type { SmokeReport, SmokeRun } from '../smoke/report.ts';
import { Trace } from '../smoke/trace.ts';
import type { PortForward, Strategy } from '../types.ts';
import { exitCodeOf, onInterrupt } from './interrupt.ts';
import { renderAnnotation, renderSummary } from './github.ts';
import { renderJunit } from './junit.ts';
import { renderFailure } from './render-failure.ts';
import { StepList } from './step-list.ts';
import { openTerminal } from './terminal.ts';

export interface SmokeArguments {
  readonly strategy?: 'auto' | 'all' | Strategy;
  readonly port: PortForward;
  readonly hermetic?: boolean;
  readonly json?: boolean;
  readonly junit?: string;
  readonly trace?: string;
}

/** `localhost-forward smoke`. Resolves to the exit code. */
export const smoke = async ({
  strategy,
  port,
  hermetic = false,
  json = false,
  junit,
  trace: traceFile,
}: SmokeArguments): Promise<number> => {
  const output = openTerminal(process.stdout);
  const errors = openTerminal(process.stderr);
  using interrupt = onInterrupt();
  using trace = new Trace();
  const runs: SmokeRun[] = [];
  const startedAt = now();
  for (const one of strategy === 'all' ? await availableStrategies({ hermetic }) : [strategy]) {
    if (!json && strategy === 'all') output.write(`${output.colors.bold(one ?? 'auto')}\n`);
    // One after the other: they would share the host's firewall, and the lines of the list.
    // oxlint-disable-next-line no-await-in-loop
    const run = await runSmoke(
      { port, hermetic, signal: interrupt.signal, ...(one === undefined ? {} : { strategy: one }) },
      json ? {} : new StepList(output),
    );
    runs.push(run);
    if (!json && run.failure !== undefined) errors.write(`${renderFailure(run.failure, errors)}\n`);
    if (interrupt.signal.aborted) break;
  }
  const report = joinRuns(runs, strategy === 'all');
  if (json) output.write(`${renderJson(report, 2)}\n`);
  else if (report.ok)
    output.write(
      `${output.colors.green('Works')}: ${runs.map((run) => run.strategy).join(', ')}, ${Math.round(now() - startedAt)} ms\n`,
    );
  const unwritten = [
    junit === undefined ? undefined : await attemptWrite(junit, () => writeFile(junit, renderJunit(runs))),
    traceFile === undefined ? undefined : await attemptWrite(traceFile, () => writeFile(traceFile, trace.render())),
    await tellGithub(runs, errors.write),
  ].filter((line) => line !== undefined);
  for (const line of unwritten) errors.write(`${errors.colors.red(line)}\n`);
  if (interrupt.signal.aborted) return exitCodeOf(interrupt.signal);
  return report.ok && unwritten.length === 0 ? 0 : 1;
};

const joinRuns = (runs: readonly SmokeRun[], all: boolean): SmokeReport => {
  const [first] = runs;
  if (first === undefined) throw new Error('no run');
  if (!all) return first;
  const failure = runs.find((run) => run.failure !== undefined)?.failure;
  return {
    ok: runs.every(({ ok }) => ok),
    strategy: 'all',
    privilege: first.privilege,
    engine: first.engine,
    steps: runs.flatMap(({ strategy, steps }) =>
      steps.map((step) => ({ ...step, name: `${strategy ?? 'none'}: ${step.name}` })),
    ),
    leftovers: runs.flatMap(({ leftovers }) => leftovers),
    ...(failure === undefined ? {} : { failure }),
    runs,
  };
};

// Annotations go to standard error, where GitHub reads them as well and a document on standard output stays whole.
const tellGithub = async (
  runs: readonly SmokeRun[],
  writeError: (text: string) => void,
): Promise<string | undefined> => {
  if (process.env['GITHUB_ACTIONS'] !== 'true') return undefined;
  for (const { failure } of runs) if (failure !== undefined) writeError(renderAnnotation(failure));
  const summary = process.env['GITHUB_STEP_SUMMARY'];
  if (summary === undefined || summary === '') return undefined;
  return attemptWrite(summary, () => appendFile(summary, `${renderSummary(runs)}\n`));
};

/** Why a file could not be written, or nothing. */
const attemptWrite = (path: string, write: () => Promise<void>): Promise<string | undefined> =>
  write().then(
    () => undefined,
    (error: unknown) =>
      `localhost-forward smoke: cannot write '${path}': ${String((error as NodeJS.ErrnoException).code)}`,
  );
