const style = [
  "text{font:11px Verdana,'DejaVu Sans',sans-serif;fill:#ffffff}",
  '.name{fill:#57606a}.value{fill:#1a7f37}',
].join('');

const [charWidth, padding, height, gap] = [7, 6, 20, 6];

/** A badge for each pair, in a row: they say what package.json does, and ask nobody. */
export const drawBadges = (badges: readonly (readonly [name: string, value: string])[]): string => {
  let x = 0;
  const drawn = badges.map(([name, value]) => {
    const [first, second] = [name, value].map((text) => text.length * charWidth + 2 * padding) as [number, number];
    const badge = [
      `<rect class="name" x="${x}" width="${first}" height="${height}"/>`,
      `<rect class="value" x="${x + first}" width="${second}" height="${height}"/>`,
      `<text x="${x + padding}" y="14">${name}</text><text x="${x + first + padding}" y="14">${value}</text>`,
    ].join('');
    x += first + second + gap;
    return badge;
  });
  const words = badges.map((badge) => badge.join(' ')).join(', ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${x - gap} ${height}" width="${x - gap}" height="${height}" role="img">`,
    `<title>${words}</title>`,
    `<style>${style}</style>`,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
};

/** What of package.json is worth a badge. */
export const badgesOf = ({
  engines,
  license,
  dependencies,
}: {
  engines: { node: string };
  license: string;
  dependencies: object;
}): (readonly [string, string])[] => [
  ['node', engines.node.replace('>=', '≥ ')],
  ['licence', license],
  ['dependencies', String(Object.keys(dependencies).length)],
];
