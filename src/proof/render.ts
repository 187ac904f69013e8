import type { Diagnosis, Hop } from '../diagnosis.ts';

/** One hop on one line: ✓, ✗, or ? where nothing could tell. */
export const renderHop = ({ name, ok, packets, detail }: Hop): string =>
  `${ok === undefined ? '?' : ok ? '✓' : '✗'} ${name.padEnd(9)} ${detail}${packets === undefined ? '' : ` (${packets} packet${packets === 1 ? '' : 's'})`}`;

/**
 * A diagnosis as text: its sentence, a line per hop, and what to try. Throws nothing.
 *
 * @example
 * console.log(renderDiagnosis(await net.diagnose()));
 */
export const renderDiagnosis = ({ sentence, hops, advice }: Diagnosis): string =>
  [sentence, ...hops.map((hop) => `  ${renderHop(hop)}`), `Try: ${advice}`].join('\n');

/** Gives a diagnosis its text for where it becomes part of one, in place of `[object Object]`; whoever lists or copies its fields sees nothing of it. */
export const readable = (diagnosis: Diagnosis): Diagnosis =>
  Object.defineProperty(diagnosis, 'toString', { value: () => renderDiagnosis(diagnosis), configurable: true });
