import { now } from '../clock.ts';
import { debug } from '../command/debug.ts';
import { headlineOf } from '../errors.ts';
import type { SmokeStep } from './report.ts';

/** Whoever wants to see the steps while they happen. */
export interface StepWatcher {
  onStart?(name: string): void;
  onStep?(step: SmokeStep): void;
}

/** Runs and times the steps of a check, and keeps what each of them saw. */
export class StepRecorder {
  readonly steps: SmokeStep[] = [];
  readonly #watcher: StepWatcher;

  constructor(watcher: StepWatcher) {
    this.#watcher = watcher;
  }

  /** Runs one step; what it throws is recorded as the step's failure, and thrown on. */
  async run<T>(name: string, work: () => Promise<T>, describe: (value: T) => string): Promise<T> {
    this.#watcher.onStart?.(name);
    const startedAt = now();
    try {
      const value = await work();
      this.add(name, true, now() - startedAt, describe(value));
      return value;
    } catch (error) {
      this.add(name, false, now() - startedAt, headlineOf(error));
      throw error;
    }
  }

  /** Says which step is under way, for work that tells its steps only when they are done. */
  announce(name: string): void {
    this.#watcher.onStart?.(name);
  }

  /** Records a step that was done elsewhere. */
  add(name: string, ok: boolean, ms: number, detail: string): void {
    debug(`step ${name}`, now() - ms);
    const step = { name, ok, ms: Math.round(ms * 10) / 10, detail };
    this.steps.push(step);
    this.#watcher.onStep?.(step);
  }
}
