import type { Diagnosis, Hop } from '../diagnosis.ts';
import { hang, type Terminal } from './terminal.ts';

const signs = { true: '✓', false: '✗', undefined: '·' } as const;

/**
 * The way of a packet with what each hop saw:
 *
 *   container ✓ ──▶ bridge ✓ ──▶ rule ✓ ──▶ input ✗ ──▶ service · ──▶ reply · ──▶ output ·
 *
 * and a line per hop below. Where the width has no room for the row it is broken after an arrow.
 */
export const renderPicture = (
  { hops }: Pick<Diagnosis, 'hops'>,
  { colors, width }: Pick<Terminal, 'colors' | 'width'>,
): string[] => {
  const paint = (hop: Hop, text: string): string =>
    hop.ok === undefined ? colors.dim(text) : hop.ok ? colors.green(text) : colors.red(text);
  const rows: { plain: number; text: string }[] = [];
  for (const [n, hop] of hops.entries()) {
    const sign = signs[String(hop.ok) as keyof typeof signs];
    const arrow = n === hops.length - 1 ? '' : ' ──▶ ';
    const plain = hop.name.length + 2 + arrow.length;
    const row = rows.at(-1);
    if (row === undefined || row.plain + plain > (width() ?? 100) - 2)
      rows.push({ plain, text: `${hop.name} ${paint(hop, sign)}${arrow}` });
    else Object.assign(row, { plain: row.plain + plain, text: `${row.text}${hop.name} ${paint(hop, sign)}${arrow}` });
  }
  const longest = Math.max(0, ...hops.map(({ name }) => name.length));
  const details = hops.map((hop) => {
    const sign = paint(hop, signs[String(hop.ok) as keyof typeof signs]);
    return hang(`  ${sign} ${hop.name.padEnd(longest)}  `, longest + 6, hop.detail, width());
  });
  return [...rows.map(({ text }) => `  ${text.trimEnd()}`), ...(hops.length === 0 ? [] : ['']), ...details];
};
