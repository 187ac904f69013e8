import type { Finding } from '../diagnosis.ts';

/** One finding with its sentence and the one thing to do. */
export interface Cause {
  readonly finding: Finding;
  readonly sentence: string;
  readonly advice: string;
}
