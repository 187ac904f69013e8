// Draws what needs no engine, part of `npm run pictures`: how it works, and the ratios in docs/pictures/ratios.json.
import { readFile, writeFile } from 'node:fs/promises';
import manifest from '../package.json' with { type: 'json' };
import { drawRatios, type Ratio } from '../bench/support/ratio-chart.ts';
import { badgesOf, drawBadges } from './pictures/badges.ts';
import { drawWay } from './pictures/way.ts';

const ratios = JSON.parse(await readFile('docs/pictures/ratios.json', 'utf8')) as Ratio[];
await writeFile('docs/pictures/ratios.svg', drawRatios(ratios));
await writeFile('docs/pictures/way.svg', drawWay());
await writeFile('docs/pictures/badges.svg', drawBadges(badgesOf(manifest)));
