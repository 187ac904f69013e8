import { now } from '../clock.ts';
import { debug } from '../command/debug.ts';
import { Patience } from './patience.ts';

/** A step of undoing that failed, or did not end in time. */
export interface UndoFailure {
  readonly what: string;
  readonly error: unknown;
}

interface Step {
  readonly what: string;
  readonly undo: () => Promise<void>;
}

/**
 * What has been acquired, and how to release it. Releases run in reverse, each of them whatever the others did,
 * and all together under one deadline, which moves while others who wait for the same engine get done.
 */
export class UndoStack {
  readonly #steps: Step[] = [];
  readonly #patience: Patience;

  /** `patience` is shared with those who wait for the same engine. */
  constructor(patience = new Patience()) {
    this.#patience = patience;
  }

  /** Remembers how to undo what was just done; `what` names it for an error. */
  push(what: string, undo: () => Promise<void>): void {
    this.#steps.push({ what, undo });
  }

  /** Undoes everything once; a second call has nothing left to do but what failed. Never throws. */
  async run(deadlineMs: number): Promise<UndoFailure[]> {
    const begunAt = now();
    const failures: UndoFailure[] = [];
    const failed: Step[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      const startedAt = now();
      try {
        await this.#patience.wait(deadlineMs, begunAt, step.undo());
        debug(`released ${step.what}`, startedAt);
      } catch (error) {
        debug(`could not release ${step.what}: ${String(error)}`, startedAt);
        failures.push({ what: step.what, error });
        failed.unshift(step);
      }
    }
    if (failed.length === 0) this.#patience.moved();
    this.#steps.push(...failed);
    return failures;
  }
}
