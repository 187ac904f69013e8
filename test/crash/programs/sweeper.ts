// Sweeps once, by whatever rights there are or by those that are named, and says what came of it.
//   node test/crash/programs/sweeper.ts [privilege]
import { sweep, type SweepOptions } from 'localhost-forward';

const [privilege = 'auto'] = process.argv.slice(2);
console.log(JSON.stringify(await sweep({ privilege: privilege as NonNullable<SweepOptions['privilege']> })));
