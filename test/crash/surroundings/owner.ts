// An owner: tells its session, and lives until its input ends.
import { readOwner, renderSession } from '../../../src/ownership/owner.ts';

console.log(renderSession(readOwner()));
process.stdin.resume();
