import { now } from '../clock.ts';
import { spans, type Span } from '../command/debug.ts';

/**
 * Where the time goes: all that is timed while it is on, as the trace-event JSON that Perfetto and Chrome's `about:tracing` open. What is done
 * at the same time stands in lanes below each other.
 */
export class Trace implements Disposable {
  readonly #spans: Span[] = [];
  readonly #startedAt = now();
  readonly #listen = (message: unknown): void => void this.#spans.push(message as Span);

  constructor() {
    spans.subscribe(this.#listen);
  }

  [Symbol.dispose](): void {
    spans.unsubscribe(this.#listen);
  }

  render(): string {
    return renderTrace(this.#spans, this.#startedAt);
  }
}

/** How much of a command is its name in the picture; all of it is told beside it. */
const nameLength = 60;

/** Spans as trace events, in microseconds since `startedAt`, each in the first lane that is free or around it. Pure. */
export const renderTrace = (all: readonly Span[], startedAt: number): string => {
  const lanes: Span[][] = [];
  const traceEvents = all
    .toSorted((a, b) => a.startedAt - b.startedAt || b.ms - a.ms)
    .map((span) => {
      const found = lanes.findIndex((lane) => fits(lane, span));
      const tid = found < 0 ? lanes.length : found;
      (lanes[tid] ??= []).push(span);
      const { what, ms } = span;
      const name = what.length > nameLength ? `${what.slice(0, nameLength)}…` : what;
      const ts = Math.round((span.startedAt - startedAt) * 1_000);
      return { name, ph: 'X', ts, dur: Math.round(ms * 1_000), pid: 1, tid: tid + 1, args: { what } };
    });
  return `${JSON.stringify({ displayTimeUnit: 'ms', traceEvents }, undefined, 1)}\n`;
};

const endOf = ({ startedAt, ms }: Span): number => startedAt + ms;

/** One lane holds what comes after another, or lies whole within it. */
const fits = (lane: readonly Span[], span: Span): boolean =>
  lane.every((one) => endOf(one) <= span.startedAt || endOf(span) <= endOf(one));
