const mono = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace";
const style = [
  `text{font:14px system-ui,sans-serif;fill:#1f2328}.mono{font-family:${mono};font-size:12.5px}.head{font-weight:600}.small{font-size:12px;fill:#656d76}`,
  '.place{fill:#f6f8fa;stroke:#d0d7de}.box{fill:#ffffff;stroke:#8c959f}.open{stroke:#1a7f37}.shut{stroke:#cf222e}.way{fill:none;stroke-width:2.5}.good{fill:#1a7f37}.bad{fill:#cf222e}',
  '@media (prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#8b949e}.place{fill:#161b22;stroke:#30363d}.box{fill:#0d1117;stroke:#6e7681}.open{stroke:#3fb950}.shut{stroke:#ff7b72}.good{fill:#3fb950}.bad{fill:#ff7b72}}',
].join('');

const text = (x: number, y: number, words: string, className = ''): string =>
  `<text x="${x}" y="${y}"${className === '' ? '' : ` class="${className}"`}>${words}</text>`;

const box = (x: number, y: number, width: number, height: number, className = 'box'): string =>
  `<rect class="${className}" x="${x}" y="${y}" width="${width}" height="${height}" rx="8"/>`;

/** A line that ends in a point, or in a bar where nobody gets through. */
const way = (from: number, to: number, y: number, className: 'open' | 'shut'): string =>
  className === 'open'
    ? `<path class="way open" d="M${from} ${y}H${to - 8}"/><path class="good" d="M${to} ${y}l-10-6v12z"/>`
    : `<path class="way shut" d="M${from} ${y}H${to}M${to} ${y - 8}v16"/>`;

/** The way of a packet from a container to the service, and where all others end. */
export const drawWay = (): string =>
  [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 268" width="860" height="268" role="img">',
    '<title>A container calls host.docker.internal:8088; a rule for that port of that network leads it to 127.0.0.1:8088 of the host, and a guard drops whatever else is sent to 127.0.0.0/8</title>',
    `<style>${style}</style>`,
    box(1, 1, 300, 266, 'place'),
    text(16, 26, 'a throwaway network', 'head'),
    text(16, 46, 'bridge lhf-k0v2m101, 198.18.3.16/28', 'small mono'),
    box(16, 66, 212, 66),
    text(28, 92, 'your container', 'head'),
    text(28, 115, 'host.docker.internal:8088', 'mono'),
    box(16, 160, 212, 66),
    text(28, 186, 'any container on it', 'head'),
    text(28, 209, 'any other port', 'mono'),
    box(420, 1, 439, 266, 'place'),
    text(436, 26, 'your machine', 'head'),
    text(436, 46, 'no port is opened on any address', 'small'),
    box(436, 66, 176, 66),
    text(448, 92, 'rule', 'head'),
    text(448, 115, 'tcp 8088 → 127.0.0.1', 'mono'),
    box(676, 66, 168, 66),
    text(688, 92, 'your service', 'head'),
    text(688, 115, '127.0.0.1:8088', 'mono'),
    box(436, 160, 176, 66),
    text(448, 186, 'guard', 'head'),
    text(448, 209, 'all else to 127/8', 'mono'),
    text(676, 198, 'dropped', 'bad head'),
    way(228, 436, 99, 'open'),
    way(612, 676, 99, 'open'),
    way(228, 436, 193, 'open').replaceAll('open', 'shut').replace('good', 'bad'),
    way(612, 652, 193, 'shut'),
    text(16, 252, 'gone with the test, or its SIGKILL', 'small'),
    text(436, 252, 'there before the network is, gone after it', 'small'),
    '</svg>',
    '',
  ].join('\n');
