import { expect, it } from 'vitest';
import { idOfBridge, namesOf } from '../../../src/ownership/names.ts';
import { currentSession, nextId, sharedIn } from '../../../src/ownership/session.ts';

it('is one for each engine and each set of rights, with a nonce of its own', () => {
  const session = currentSession('unix:///a root');
  expect(currentSession('unix:///a root')).toBe(session);
  const other = currentSession('unix:///a sudo');
  expect(other.owner).toMatchObject({ pid: process.pid });
  expect(other.owner.nonce).not.toBe(session.owner.nonce);
});

it('gives each of its forwards an id of its own', () => {
  const session = currentSession('unix:///b root');
  session.nth = 32 ** 3 - 100;
  const ids = Array.from({ length: 200 }, () => nextId(session));
  expect(new Set(ids).size).toBe(200);
  expect(ids.every((id) => id.startsWith(session.owner.nonce) && idOfBridge(namesOf(id).bridge) === id)).toBe(true);
});

it('gives no id that a forward has which is still open, however many came after it', () => {
  const session = currentSession('unix:///d root');
  const [open, next] = [nextId(session), nextId(session)];
  session.open.set(open, { gateway: '198.18.0.1', close: async () => undefined });
  session.nth = (session.nth - 2 + 32 ** 3) % 32 ** 3;
  expect(nextId(session)).toBe(next);
});

it('shares what was made first', () => {
  const session = currentSession('unix:///c root');
  expect(sharedIn(session, 'thing', () => 1)).toBe(1);
  expect(sharedIn(session, 'thing', () => 2)).toBe(1);
});
