import type { Frame, Row, Run } from './record.ts';

const [charWidth, lineHeight, padding, barHeight] = [8.4, 20, 16, 34];

/** Of the eight colours of terminals those that are used, and what is around them. */
const themes = {
  light: {
    back: '#ffffff',
    edge: '#d0d7de',
    text: '#1f2328',
    dim: '#656d76',
    1: '#cf222e',
    2: '#1a7f37',
    3: '#9a6700',
    6: '#0969da',
  },
  dark: {
    back: '#0d1117',
    edge: '#30363d',
    text: '#e6edf3',
    dim: '#8b949e',
    1: '#ff7b72',
    2: '#3fb950',
    3: '#d29922',
    6: '#58a6ff',
  },
} as const;

const styleOf = (theme: keyof typeof themes): string => {
  const { back, edge, text, dim, ...colors } = themes[theme];
  const classes = Object.entries(colors).map(([n, color]) => `.c${n}{fill:${color}}`);
  return `.back{fill:${back};stroke:${edge}}.dot{fill:${edge}}text{fill:${text}}.dim{fill:${dim}}${classes.join('')}`;
};

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const drawRun = ({ column, text, color, isBold, isDim }: Run, y: number): string => {
  const look = [...(color === undefined ? [] : [`c${color}`]), ...(isBold ? ['bold'] : []), ...(isDim ? ['dim'] : [])];
  const x = padding + column * charWidth;
  // Fonts differ in width, and columns must not.
  const width = (text.length * charWidth).toFixed(1);
  return `<tspan x="${x.toFixed(1)}" y="${y}" textLength="${width}" lengthAdjust="spacingAndGlyphs"${look.length === 0 ? '' : ` class="${look.join(' ')}"`}>${escape(text)}</tspan>`;
};

const drawRow = (row: Row, n: number, className = ''): string => {
  const y = barHeight + padding + n * lineHeight;
  return `<text${className === '' ? '' : ` class="${className}"`}>${row.map((run) => drawRun(run, y)).join('')}</text>`;
};

const promptOf = (command: string): Row => [
  { column: 0, text: '$', color: undefined, isBold: false, isDim: true },
  { column: 2, text: command, color: undefined, isBold: true, isDim: false },
];

const frameOf = (title: string, columns: number, rows: number, style: string, body: readonly string[]): string => {
  const [width, height] = [Math.ceil(columns * charWidth + 2 * padding), barHeight + padding + rows * lineHeight + 4];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escape(title)}</title>`,
    `<style>text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre}.bold{font-weight:600}${styleOf('light')}@media (prefers-color-scheme:dark){${styleOf('dark')}}${style}</style>`,
    `<rect class="back" x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    ...[0, 1, 2].map((n) => `<circle class="dot" cx="${20 + n * 18}" cy="18" r="5"/>`),
    ...body,
    '</svg>',
    '',
  ].join('\n');
};

/** The end of what was seen, under the command that was given. */
export const drawStill = (command: string, columns: number, rows: readonly Row[]): string =>
  frameOf(`localhost-forward: ${command}`, columns, rows.length + 1, '', [
    drawRow(promptOf(command), 0),
    ...rows.map((row, n) => drawRow(row, n + 1)),
  ]);

/** How long the end stays before it begins again, in milliseconds. */
const restMs = 5000;

/** All that was seen, as fast as it was: each line with the time for which it stood there. Who wants no motion sees the end. */
export const drawMoving = (command: string, columns: number, frames: readonly Frame[]): string => {
  const last = frames.at(-1);
  const endAt = last?.at ?? 0;
  const total = endAt + restMs;
  const percent = (ms: number): string => `${((ms / total) * 100).toFixed(2)}%`;
  const height = Math.max(0, ...frames.map(({ rows }) => rows.length));
  const lines = Array.from({ length: height }, (_, n) => spansOf(frames, n)).flat();
  const keyframes = lines.map(({ from, to }, n) => {
    const end = to === undefined ? '' : `${percent(to)}{visibility:hidden}`;
    return `@keyframes k${n}{0%{visibility:hidden}${percent(from)}{visibility:visible}${end}}.k${n}{animation:k${n} ${Math.round(total)}ms step-end infinite}`;
  });
  const still = '.gone{visibility:hidden}';
  const style = `${still}@media (prefers-reduced-motion:no-preference){${keyframes.join('')}}`;
  return frameOf(`localhost-forward: ${command}, as fast as it was`, columns, height + 1, style, [
    drawRow(promptOf(command), 0),
    ...lines.map(({ row, place, to }, n) => drawRow(row, place + 1, `k${n}${to === undefined ? '' : ' gone'}`)),
  ]);
};

interface Span {
  readonly row: Row;
  readonly place: number;
  readonly from: number;
  /** Undefined where it stands at the end. */
  readonly to: number | undefined;
}

const spansOf = (frames: readonly Frame[], place: number): Span[] => {
  const spans: Span[] = [];
  let since = 0;
  let shown: Row = [];
  const end = (to: number | undefined): void => {
    if (shown.length > 0) spans.push({ row: shown, place, from: since, to });
  };
  for (const { at, rows } of frames) {
    const row = rows[place] ?? [];
    if (JSON.stringify(row) === JSON.stringify(shown)) continue;
    end(at);
    [since, shown] = [at, row];
  }
  end(undefined);
  return spans;
};
