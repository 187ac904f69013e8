import { expect, test } from 'vitest';
import type { CommandResult } from '../../../../../src/command/run.ts';
import { namesOf } from '../../../../../src/ownership/names.ts';
import type { Session } from '../../../../../src/ownership/session.ts';
import type { Privileges } from '../../../../../src/privilege/privileges.ts';
import { clearHops, watchPackets } from '../../../../../src/strategies/netfilter/packets/packet-watch.ts';

const names = namesOf('abcde001');
const port = {
  protocol: 'tcp',
  containerPort: 80,
  hostPort: 8088,
  hostAddress: '127.0.0.1',
  targetPort: 8088,
} as const;
const late = { exitCode: undefined, failure: 'took longer than 10000 ms' };
const absent = { exitCode: 1, stderr: 'Error: Could not process rule: No such file or directory\n' };

/** An nft that answers so, one answer for each kind of command after the other; the last one goes on. */
const nft = (answers: Record<'-f' | 'delete', readonly Partial<CommandResult>[]>) => {
  const ran: string[] = [];
  const run = async ([, verb = '', , family = '']: readonly string[]): Promise<CommandResult> => {
    const kind = verb === 'delete' ? 'delete' : '-f';
    const nth = ran.filter((one) => one.startsWith(kind)).length;
    ran.push(kind === 'delete' ? `delete ${family}` : kind);
    const answer = answers[kind][nth] ?? answers[kind].at(-1) ?? {};
    return { command: 'nft', stdout: '', stderr: '', exitCode: 0, failure: undefined, ...answer };
  };
  return { ran, privileges: { run } as unknown as Privileges };
};

const session = (): Session => ({ word: 'word', shared: new Map<string, unknown>() }) as unknown as Session;

test('counters whose putting in was killed are taken out, for they may be in', async () => {
  const { ran, privileges } = nft({ '-f': [late], delete: [absent] });
  const ours = session();
  expect((await watchPackets(names, '198.18.0.14', port, { session: ours, privileges })).sees).toBe(false);
  expect(ran).toEqual(['-f', 'delete bridge', 'delete ip']);
  expect(await clearHops(names, ours, privileges)).toBeUndefined();
  expect(ran).toHaveLength(3);
});

test('counters that could not be taken out are taken out by the close', async () => {
  const { ran, privileges } = nft({ '-f': [late], delete: [absent, late, absent, {}] });
  const ours = session();
  await watchPackets(names, '198.18.0.14', port, { session: ours, privileges });
  expect(await clearHops(names, ours, privileges)).toBeUndefined();
  expect(ran.slice(3)).toEqual(['delete bridge', 'delete ip']);
});

test('counters that stay are told of', async () => {
  const { privileges } = nft({ '-f': [late], delete: [late] });
  const ours = session();
  await watchPackets(names, '198.18.0.14', port, { session: ours, privileges });
  expect(await clearHops(names, ours, privileges)).toBe('nft: took longer than 10000 ms');
});

test.each([
  { exitCode: 1, stderr: 'Error: syntax error\n' },
  { exitCode: undefined, failure: 'no nft in /usr/sbin, /usr/bin' },
])('counters that were refused are not looked for: %j', async (answer) => {
  const { ran, privileges } = nft({ '-f': [answer], delete: [late] });
  const ours = session();
  expect((await watchPackets(names, '198.18.0.14', port, { session: ours, privileges })).sees).toBe(false);
  expect(await clearHops(names, ours, privileges)).toBeUndefined();
  expect(ran).toEqual(['-f']);
});
