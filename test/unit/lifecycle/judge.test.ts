import { describe, expect, test } from 'vitest';
import { judgeFound } from '../../../src/lifecycle/sweep/judge.ts';
import type { Found } from '../../../src/lifecycle/sweep/leftover.ts';
import type { OwnerJudgement } from '../../../src/ownership/judge-owner.ts';
import { readOwner, renderSession } from '../../../src/ownership/owner.ts';

type State = 'alive' | 'dead' | 'elsewhere';

const session = renderSession(readOwner());
const now = Date.parse('2026-06-01T00:00:00Z');
const hour = 60 * 60 * 1000;

describe('what a sweep removes', () => {
  test.each<[Found['kind'], State | 'unknown', number | undefined, boolean, boolean]>([
    // kind, its owner, its age in hours, whether its bridge is there, whether it goes
    ['network', 'dead', 0, true, true],
    ['rules', 'dead', undefined, true, true],
    ['guard', 'dead', undefined, true, true],
    ['network', 'alive', 1000, true, false],
    ['container', 'alive', 1000, true, false],
    ['rules', 'alive', undefined, false, false],
    ['network', 'elsewhere', 23, true, false],
    ['network', 'elsewhere', 25, true, true],
    ['container', 'elsewhere', undefined, true, false],
    ['rules', 'elsewhere', undefined, true, false],
    ['rules', 'elsewhere', undefined, false, true],
    ['guard', 'elsewhere', undefined, false, true],
    ['network', 'unknown', 1, true, false],
    ['network', 'unknown', 25, true, true],
    ['network', 'unknown', -25, true, false],
    ['rules', 'unknown', undefined, false, false],
  ])('%s of an owner that is %s, %s hours old, bridge there: %s', (kind, state, hours, bridgeExists, remove) => {
    const found = { kind, ...(hours === undefined ? {} : { created: now - hours * hour }) };
    const judgement = {
      session: state === 'unknown' ? 'nonsense' : session,
      now,
      bridgeExists,
      judge: (): { state: State } => ({ state: state === 'unknown' ? 'alive' : state }),
    };
    expect(judgeFound(found, { ...judgement, all: false }).remove).toBe(remove);
    expect(judgeFound(found, { ...judgement, all: true }).remove).toBe(true);
  });

  test('rules of a distant owner wait for a second look', () => {
    const judgement = {
      session,
      all: false,
      now,
      bridgeExists: false,
      judge: (): { state: State } => ({ state: 'elsewhere' }),
    };
    expect(judgeFound({ kind: 'rules' }, judgement)).toMatchObject({ remove: true, waits: true });
  });

  test.each<[OwnerJudgement, string]>([
    [{ state: 'alive' }, `its owner, process ${process.pid}, is alive`],
    [{ state: 'alive', doubt: 'it is hidden' }, `its owner, process ${process.pid}, may be alive: it is hidden`],
  ])('%j is spared, and why is told', (judgement, reason) => {
    const judged = { session, all: false, now, bridgeExists: false, judge: () => judgement };
    expect(judgeFound({ kind: 'guard' }, judged)).toEqual({ remove: false, reason });
  });
});
