import { debug } from '../command/debug.ts';

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
 * and all together under one deadline.
 */
export class UndoStack {
  readonly #steps: Step[] = [];

  /** Remembers how to undo what was just done; `what` names it for an error. */
  push(what: string, undo: () => Promise<void>): void {
    this.#steps.push({ what, undo });
  }

  /** Undoes everything once; a second call has nothing left to do but what failed. Never throws. */
  async run(deadlineMs: number): Promise<UndoFailure[]> {
    const deadline = AbortSignal.timeout(deadlineMs);
    const failures: UndoFailure[] = [];
    const failed: Step[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      const startedAt = performance.now();
      try {
        await before(deadline, step.undo(), deadlineMs);
        debug(`released ${step.what}`, startedAt);
      } catch (error) {
        debug(`could not release ${step.what}: ${String(error)}`, startedAt);
        failures.push({ what: step.what, error });
        failed.unshift(step);
      }
    }
    this.#steps.push(...failed);
    return failures;
  }
}

const before = async (deadline: AbortSignal, work: Promise<void>, ms: number): Promise<void> => {
  const late = (): Error => new Error(`not done within ${ms} ms`);
  // Work that ends after the deadline is nobody's any more, and must not end the process either.
  work.catch(() => undefined);
  if (deadline.aborted) throw late();
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => reject(late());
    deadline.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => deadline.removeEventListener('abort', onAbort));
  });
};
