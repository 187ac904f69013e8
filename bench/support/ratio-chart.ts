import { metrics } from './ends.ts';
import type { Figure } from './report.ts';

/** How many times as fast something is as something else: what of a figure is drawn. */
export type Ratio = Pick<Figure, 'name' | 'median'>;

const columns = Object.values(metrics).map(({ title }) => title);
const [labelWidth, columnWidth, halfWidth, rowHeight, top] = [252, 158, 46, 30, 78];
/** The bar of a ratio of this, or more, has the whole width; the scale is logarithmic. */
const most = 20;

/** A round trip that takes a quarter of the time is four times as fast. */
const speedOf = (title: string, { median }: Ratio): number => (title === metrics.rounds.title ? 1 / median : median);

const render = (speed: number): string => (speed < 3 ? speed.toFixed(2) : speed.toFixed(1).replace(/\.0$/, ''));

/** An SVG of all ratios named `<metric>, <ours> : <theirs>`, for light pages and dark ones: to the right of the line ours is faster. */
export const drawRatios = (figures: readonly Ratio[]): string => {
  const pairs = [
    ...new Set(
      columns.flatMap((title) =>
        figures.filter(({ name }) => isOf(title, name)).map(({ name }) => name.slice(title.length + 2)),
      ),
    ),
  ];
  const [width, height] = [labelWidth + columns.length * columnWidth, top + pairs.length * rowHeight + 8];
  const bottom = top + pairs.length * rowHeight;
  const body = columns.flatMap((title, column) => {
    const middle = labelWidth + column * columnWidth + halfWidth;
    return [
      `<text class="head" x="${middle}" y="58" text-anchor="middle">${title}</text>`,
      `<path class="line" d="M${middle} ${top - 12}V${bottom - 6}"/>`,
      ...pairs.flatMap((pair, row) => {
        const figure = figures.find(({ name }) => name === `${title}, ${pair}`);
        return figure === undefined ? [] : [drawBar(speedOf(title, figure), middle, top + row * rowHeight)];
      }),
    ];
  });
  const labels = pairs.map((pair, row) => {
    const [ours = '', theirs = ''] = pair.split(' : ');
    return `<text x="12" y="${top + row * rowHeight + 6}"><tspan class="head">${ours}</tspan> beside ${theirs}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    '<title>How many times as fast: medians of ratios in one run</title>',
    '<style>',
    'text{font:13px system-ui,sans-serif;fill:#1f2328}.head{font-weight:600}.line{stroke:#8c959f;stroke-width:1}',
    '.ahead{fill:#1a7f37}.even{fill:#8c959f}.behind{fill:#bc4c00}',
    '@media (prefers-color-scheme:dark){text{fill:#e6edf3}.line{stroke:#6e7681}.ahead{fill:#3fb950}.even{fill:#8b949e}.behind{fill:#db6d28}}',
    '</style>',
    '<text class="head" x="12" y="22">How many times as fast, from a container to 127.0.0.1 (the line is 1, the scale logarithmic)</text>',
    ...labels,
    ...body,
    '</svg>',
    '',
  ].join('\n');
};

const isOf = (title: string, name: string): boolean => name.startsWith(`${title}, `) && name.includes(' : ');

/** Within a twentieth of each other two are told as even. */
const drawBar = (speed: number, middle: number, y: number): string => {
  const length = Math.min(1, Math.abs(Math.log(speed)) / Math.log(most)) * halfWidth;
  const kind = Math.abs(speed - 1) <= 0.05 ? 'even' : speed > 1 ? 'ahead' : 'behind';
  const [x, end] = speed > 1 ? [middle, middle + length] : [middle - length, middle];
  return `<rect class="${kind}" x="${x.toFixed(1)}" y="${y - 6}" width="${Math.max(1.5, length).toFixed(1)}" height="16" rx="2"/><text x="${(Math.max(end, middle) + 6).toFixed(1)}" y="${y + 6}">${render(speed)}</text>`;
};
