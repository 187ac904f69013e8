// Judges the owner of a session: node judge.ts <session>
import { judgeOwner } from '../../../src/ownership/judge-owner.ts';
import { parseSession } from '../../../src/ownership/owner.ts';

const [session = ''] = process.argv.slice(2);
const owner = parseSession(session);
if (owner === undefined) throw new Error(`${session} is no session`);
console.log(JSON.stringify(judgeOwner(owner)));
