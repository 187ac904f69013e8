import { describe, expect, test } from 'vitest';
import { describeOwner, judgeOwned } from '../../../src/leftovers/judge.ts';
import type { OwnerJudgement } from '../../../src/ownership/judge-owner.ts';
import { readOwner, renderSession } from '../../../src/ownership/owner.ts';
import type { Mark } from '../../../src/strategies/leftover-kind.ts';

type State = 'alive' | 'dead' | 'elsewhere';

const session = renderSession(readOwner());
const now = Date.parse('2026-06-01T00:00:00Z');
const hour = 60 * 60 * 1000;

describe('what a sweep removes', () => {
  test.each<[Mark['kind'], State | 'unknown', number | undefined, boolean, boolean]>([
    // kind, its owner, its age in hours, whether its bridge is there, whether it goes
    ['network', 'dead', 0, true, true],
    ['rules', 'dead', undefined, true, true],
    ['guard', 'dead', undefined, true, true],
    ['network', 'alive', 1000, true, false],
    ['container', 'alive', 1000, true, false],
    ['rules', 'alive', undefined, false, false],
    ['network', 'elsewhere', 24, true, false],
    ['container', 'elsewhere', 25, true, true],
    ['container', 'elsewhere', 1, false, false],
    ['network', 'elsewhere', 25, true, true],
    ['container', 'elsewhere', undefined, true, false],
    ['rules', 'elsewhere', undefined, true, false],
    ['rules', 'elsewhere', undefined, false, true],
    ['guard', 'elsewhere', undefined, false, true],
    ['network', 'unknown', 1, true, false],
    ['network', 'unknown', 25, true, true],
    ['network', 'unknown', -25, true, false],
    ['rules', 'unknown', undefined, false, false],
  ])('%s of an owner that is %s, %s hours old, bridge there: %s', (kind, state, hours, hasBridge, remove) => {
    const mark = { kind, ...(hours === undefined ? {} : { created: now - hours * hour }) };
    const owner = state === 'unknown' ? 'nonsense' : session;
    const circumstances = {
      now,
      hasBridge,
      judge: (): { state: State } => ({ state: state === 'unknown' ? 'alive' : state }),
    };
    expect(judgeOwned(owner, { ...circumstances, all: false })(mark).remove).toBe(remove);
    expect(judgeOwned(owner, { ...circumstances, all: true })(mark).remove).toBe(true);
  });

  test('an owner is judged once for all of its things', () => {
    let asked = 0;
    const judge = (): OwnerJudgement => ({ state: (asked += 1) > 0 ? 'dead' : 'alive' });
    const verdict = judgeOwned(session, { all: false, now, hasBridge: true, judge });
    for (const kind of ['network', 'guard', 'rules', 'container'] as const) expect(verdict({ kind }).remove).toBe(true);
    expect(asked).toBe(1);
  });

  test('rules of a distant owner wait for a second look', () => {
    const judge = (): OwnerJudgement => ({ state: 'elsewhere' });
    const verdict = judgeOwned(session, { all: false, now, hasBridge: false, judge });
    expect(verdict({ kind: 'rules' })).toMatchObject({ remove: true, waits: true });
  });

  const unknown = 'it belongs to an owner that its mark does not tell';
  const distant = 'it belongs to another host or pid namespace';
  test.each<[string, Mark['kind'], boolean, string]>([
    ['alive', 'network', true, 'everything was asked for'],
    ['dead', 'network', false, 'its owner is dead'],
    ['elsewhere', 'network', false, `${distant} and is younger than a day`],
    ['unknown', 'container', false, `${unknown} and is younger than a day`],
    ['elsewhere', 'guard', false, distant],
    ['unknown', 'rules', false, unknown],
  ])('an owner that is %s: why its %s goes or stays', (state, kind, all, reason) => {
    const judge = (): OwnerJudgement => ({ state: state as State });
    const verdict = judgeOwned(state === 'unknown' ? undefined : session, { all, now, hasBridge: true, judge });
    expect(verdict({ kind }).reason).toBe(reason);
  });

  test('an owner is told in a few words, where its mark tells one', () => {
    expect(describeOwner(session)).toBe(`process ${process.pid}, alive`);
    expect(describeOwner('nonsense')).toBeUndefined();
    expect(describeOwner(undefined)).toBeUndefined();
  });

  test.each<[OwnerJudgement, string]>([
    [{ state: 'alive' }, `its owner, process ${process.pid}, is alive`],
    [{ state: 'alive', doubt: 'it is hidden' }, `its owner, process ${process.pid}, may be alive: it is hidden`],
  ])('%j is spared, and why is told', (judgement, reason) => {
    const verdict = judgeOwned(session, { all: false, now, hasBridge: false, judge: () => judgement });
    expect(verdict({ kind: 'guard' })).toEqual({ remove: false, reason });
  });
});
