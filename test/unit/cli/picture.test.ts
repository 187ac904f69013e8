import { describe, expect, it } from 'vitest';
import { renderPicture } from '../../../src/cli/picture.ts';
import { renderFailure } from '../../../src/cli/render-failure.ts';
import { failure, hops, terminal } from './example.ts';

describe('the picture of the path', () => {
  it('marks each hop, and tells below what each saw', () => {
    expect(renderPicture({ hops }, terminal()).join('\n')).toBe(`\
  container ✓ ──▶ bridge ✓ ──▶ rule ✓ ──▶ input ✗ ──▶ service · ──▶ reply · ──▶ output ·

  ✓ container  seen at container
  ✓ bridge     seen at bridge
  ✓ rule       seen at rule
  ✗ input      seen at input
  · service    seen at service
  · reply      seen at reply
  · output     seen at output`);
  });

  it.each([20, 40, 80, 120])('breaks its row where %i columns end', (columns) => {
    const lines = renderPicture({ hops }, terminal(columns));
    const rows = lines.slice(0, lines.indexOf(''));
    expect(rows.join(' ').match(/[✓✗·]/g)).toHaveLength(hops.length);
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(columns);
  });

  it('is coloured where colours are wanted, at the same places', () => {
    const coloured = renderPicture({ hops }, terminal(undefined, true)).join('\n');
    expect(coloured).toContain('\x1b[31m✗\x1b[39m');
    expect(coloured.replaceAll(/\x1b\[\d+m/g, '')).toBe(renderPicture({ hops }, terminal()).join('\n'));
  });

  it('is nothing where no hop is known', () => expect(renderPicture({ hops: [] }, terminal())).toEqual([]));
});

describe('a failure', () => {
  it('is the picture, the sentence, what the picture does not tell, and one thing to try', () => {
    const text = renderFailure(failure, terminal());
    expect(text).toMatch(
      /input ✗ ──▶[^]*\n8088 is dropped, 100% of it\n {2}the rule: [^\n]*\nTry: sudo iptables -I INPUT/,
    );
    expect(text.match(/✗ input/g)).toHaveLength(1);
  });

  it('is broken between words, but for what is to be copied: the command, and where it is explained', () => {
    const docs = `https://example.org/${'page/'.repeat(12)}`;
    const text = renderFailure({ ...failure, message: `${'drops '.repeat(12)}it`, docs }, terminal(40));
    const long = text.split('\n').filter((line) => line.length > 40);
    expect(long).toEqual([`More: ${docs}`]);
    expect(text.replace(/\s+/g, ' ')).toContain(`${'drops '.repeat(12)}it`);
  });

  it('without a diagnosis is its message and all its evidence', () => {
    const { message, evidence } = failure;
    expect(renderFailure({ message, evidence }, terminal())).toBe(`\n${message}\n  ${evidence.join('\n  ')}\n`);
  });
});
