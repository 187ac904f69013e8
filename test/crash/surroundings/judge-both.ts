// Judges a process that it starts itself, while that lives and after.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { judgeOwner } from '../../../src/ownership/judge-owner.ts';
import { parseSession } from '../../../src/ownership/owner.ts';

const program = fileURLToPath(new URL('owner.ts', import.meta.url));
const child = spawn(process.argv[2] ?? '', [program], { stdio: ['pipe', 'pipe', 'inherit'] });
const [line] = (await once(child.stdout, 'data')) as [Buffer];
const owner = parseSession(String(line).trim());
if (owner === undefined) throw new Error(`${String(line)} is no session`);
const before = judgeOwner(owner);
child.stdin.end();
await once(child, 'exit');
console.log(JSON.stringify([before, judgeOwner(owner)]));
