/**
 * The program that a holder's shell starts when its process is gone: `node guardian <session> <made> <name>…` removes what that
 * session left, on the bridges and of the helper containers of these names. The rules are gone by then and `route_localnet` is off. The
 * session is dead by definition (its pipe ended), so nobody asks whether its process lives: it may have been a worker thread.
 *
 * What it cannot remove it leaves word of; where it cannot even do that, its last words are its shell's to write down.
 */
import type Docker from 'dockerode';
import { openDocker } from '../engine/client.ts';
import { limitCalls } from '../engine/limit.ts';
import { leaveWord } from '../lifecycle/words.ts';
import { idOfBridge } from '../ownership/names.ts';
import { parseSession } from '../ownership/owner.ts';
import { privilegesOf, type PrivilegeHandle } from '../privilege/privileges.ts';
import { clearSession } from './clear-session.ts';

const readJson = (name: string): unknown => JSON.parse(process.env[name] ?? '{}');

const [session = '', made = '', ...noted] = process.argv.slice(2);
const nonce = parseSession(session)?.nonce;
if (nonce === undefined) throw new Error(`${session} is no session`);
const names = [...new Set(noted)];
const isBridge = (name: string): boolean => idOfBridge(name) !== undefined;
const docker = limitCalls(openDocker(readJson('LOCALHOST_FORWARD_ENGINE') as Docker.DockerOptions), 'the engine');
const handle = readJson('LOCALHOST_FORWARD_PRIVILEGES') as PrivilegeHandle;
const privileges = handle.kind === 'none' ? undefined : privilegesOf(handle, { docker });
const stays = await clearSession(
  {
    session,
    nonce,
    bridges: names.filter(isBridge),
    made: made.split(' '),
    helpers: names.filter((name) => !isBridge(name)),
  },
  { engine: { docker }, privileges },
);
const folder = process.env['LOCALHOST_FORWARD_WORDS'];
if (stays.length > 0 && folder) await leaveWord(folder, session, stays);
await privileges?.close().catch(() => undefined);
// A call to an engine that never answers would keep it.
process.exit(0);
