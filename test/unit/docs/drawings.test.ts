import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { drawRatios, type Ratio } from '../../../bench/support/ratio-chart.ts';
import ratios from '../../../docs/pictures/ratios.json' with { type: 'json' };
import manifest from '../../../package.json' with { type: 'json' };
import { badgesOf, drawBadges } from '../../../script/pictures/badges.ts';
import { drawMoving, drawStill } from '../../../script/pictures/draw.ts';
import { drawWay } from '../../../script/pictures/way.ts';

// `npm run pictures` draws them again.
test.each([
  ['ratios', () => drawRatios(ratios satisfies Ratio[])],
  ['way', drawWay],
  ['badges', () => drawBadges(badgesOf(manifest))],
])('%s.svg is as its source draws it', (name, draw) => {
  expect(readFileSync(`docs/pictures/${name}.svg`, 'utf8')).toBe(draw());
});

test('a ratio is drawn to the side of the faster one, and a round trip by its speed', () => {
  const bars = drawRatios([
    { name: 'bulk, up, a : b', median: 2 },
    { name: 'round trip, a : b', median: 0.5 },
    { name: 'bulk, down, a : b', median: 0.5 },
  ]);
  expect(bars.match(/class="ahead"/g)).toHaveLength(2);
  expect(bars.match(/class="behind"/g)).toHaveLength(1);
  expect(bars.match(/>2\.00</g)).toHaveLength(2);
});

const word = (text: string) => [{ column: 0, text, color: 2, isBold: false, isDim: false }];

test('what is seen is drawn, and nothing in it is markup', () => {
  expect(drawStill('a', 80, [word('<b> & "c"')])).toContain('class="c2">&lt;b&gt; &amp; &quot;c&quot;</tspan>');
});

test('a recording has each line for as long as it was there, and its end where nothing may move', () => {
  const svg = drawMoving('a', 80, [
    { at: 100, rows: [word('first')] },
    { at: 200, rows: [word('second')] },
    { at: 300, rows: [word('second'), word('third')] },
  ]);
  expect(svg.match(/<text class="k\d+ gone">/g)).toHaveLength(1);
  expect(svg).toContain('@keyframes k0{0%{visibility:hidden}1.89%{visibility:visible}3.77%{visibility:hidden}}');
  expect(svg).toMatch(/prefers-reduced-motion:no-preference/);
});

test('each command has its picture', () => {
  const names = ['smoke', 'smoke-moving', 'doctor', 'ls', 'sweep', 'run', 'help', 'failure', 'no-engine'];
  expect(names.filter((name) => !existsSync(`docs/pictures/${name}.svg`))).toEqual([]);
});
