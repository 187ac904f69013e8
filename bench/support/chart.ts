import { metrics } from './ends.ts';
import type { Figure } from './report.ts';

/** What a bar chart shows: the paths in the order in which they were measured, each metric in a column of its own. */
const columns = [metrics.push.title, metrics.connect.title, metrics.rounds.title];
const [labelWidth, columnWidth, barWidth, rowHeight, top] = [190, 220, 120, 26, 58];

interface Bar {
  readonly path: string;
  readonly figure: Figure;
}

// A round trip is better the shorter it is: its bar is the longer for that all the same, as everybody expects of a time.
const barsOf = (figures: readonly Figure[], title: string): Bar[] => {
  const [first] = figures.filter(({ name }) => name.startsWith(`${title}, `));
  return figures
    .filter(({ name, section, unit }) => section === first?.section && unit !== 'x' && name.startsWith(`${title}, `))
    .map((figure) => ({ path: figure.name.slice(title.length + 2), figure }));
};

const number = (value: number): string =>
  value >= 1000
    ? `${Math.round(value / 100) / 10}k`
    : value >= 100
      ? String(Math.round(value))
      : String(Math.round(value * 10) / 10);

/** An SVG of how fast each path is, for light pages and dark ones. */
export const drawPaths = (figures: readonly Figure[]): string => {
  const paths = [...new Set(columns.flatMap((title) => barsOf(figures, title).map(({ path }) => path)))];
  const [width, height] = [labelWidth + columns.length * columnWidth, top + paths.length * rowHeight + 12];
  const lines = columns.flatMap((title, column) => {
    const bars = barsOf(figures, title);
    const sorted = bars.map(({ figure }) => figure.median).toSorted((a, b) => a - b);
    // What is far slower than all the rest would leave them no width: it is cut, and its number tells.
    const most =
      title === metrics.rounds.title ? (sorted[Math.floor(sorted.length * 0.7)] ?? 1) * 1.5 : (sorted.at(-1) ?? 1);
    const x = labelWidth + column * columnWidth;
    const unit = bars[0]?.figure.unit ?? '';
    return [
      `<text class="head" x="${x}" y="36">${title}, ${unit}</text>`,
      ...bars.map(({ path, figure }) => {
        const y = top + paths.indexOf(path) * rowHeight;
        const length = Math.max(2, Math.min(1, figure.median / most) * barWidth);
        const cut = figure.median > most ? ' →' : '';
        return `<rect class="${ownership(path)}" x="${x}" y="${y}" width="${length.toFixed(1)}" height="16" rx="2"/><text x="${(x + length + 6).toFixed(1)}" y="${y + 12.5}">${number(figure.median)}${cut}</text>`;
      }),
    ];
  });
  const names = paths.map((path, n) => `<text x="12" y="${top + n * rowHeight + 12.5}">${path}</text>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    '<title>From a container to a service on 127.0.0.1: medians of one run, all paths in turn</title>',
    '<style>',
    'text{font:13px system-ui,sans-serif;fill:#1f2328}.head{font-weight:600}',
    '.ours{fill:#1a7f37}.theirs{fill:#8c959f}.most{fill:#0969da}',
    '@media (prefers-color-scheme:dark){text{fill:#e6edf3}.ours{fill:#3fb950}.theirs{fill:#6e7681}.most{fill:#58a6ff}}',
    '</style>',
    '<text class="head" x="12" y="16">From a container to 127.0.0.1 of its host</text>',
    ...names,
    ...lines,
    '</svg>',
    '',
  ].join('\n');
};

const ownership = (path: string): string => {
  if (path === 'gateway') return 'most';
  return ['nftables', 'iptables', 'relay', 'sidecar', 'tunnel'].includes(path) ? 'ours' : 'theirs';
};
