// `npm run storm -- 500 2`: kills so many processes, so many at once, and fails where something stays for longer than promised.
import { describeStorm, runStorm } from './storm/run-storm.ts';

const [kills = '500', parallel = '2'] = process.argv.slice(2);
const bounds = { closed: 250, gone: 3_000 };

let count = 0;
const storm = await runStorm({
  kills: Number(kills),
  parallel: Number(parallel),
  lookEveryMs: 5,
  onDeath: ({ strategy, at, closedAfter, goneAfter }) => {
    count += 1;
    const isLate = closedAfter > bounds.closed || (goneAfter ?? Infinity) > bounds.gone;
    if (isLate)
      console.log(
        `${strategy} killed after '${at}': closed after ${closedAfter.toFixed(0)} ms, gone after ${goneAfter?.toFixed(0) ?? 'a sweep'}`,
      );
    if (count % 50 === 0) console.log(`${count} killed`);
  },
});
console.log(describeStorm(storm));
const late = storm.deaths.filter(
  ({ closedAfter, goneAfter }) => closedAfter > bounds.closed || (goneAfter ?? Infinity) > bounds.gone,
);
console.log(
  `${late.length} of ${storm.deaths.length} beyond ${bounds.closed} ms for the rules or ${bounds.gone} ms for the rest`,
);
process.exitCode = late.length === 0 && storm.difference === '' ? 0 : 1;
