import { describe, expect, it } from 'vitest';
import { Progress } from '../../../src/host/progress.ts';
import { Patience } from '../../../src/lifecycle/patience.ts';
import { UndoStack } from '../../../src/lifecycle/undo-stack.ts';

const never = (): Promise<void> => new Promise(() => undefined);

describe('UndoStack', () => {
  const setUp = () => {
    const done: string[] = [];
    // Whatever else comes and goes on this host.
    const undo = new UndoStack(new Patience(new Progress(() => '')));
    const push = (what: string, work: () => Promise<void> = async () => undefined): void =>
      undo.push(what, () => {
        done.push(what);
        return work();
      });
    return { undo, done, push };
  };

  it('undoes in reverse, one after the other, once', async () => {
    const { undo, done, push } = setUp();
    let running = 0;
    for (const what of ['a', 'b', 'c']) {
      push(what, async () => {
        expect((running += 1)).toBe(1);
        await new Promise(setImmediate);
        running -= 1;
      });
    }
    expect(await undo.run(10_000)).toEqual([]);
    expect(await undo.run(10_000)).toEqual([]);
    expect(done).toEqual(['c', 'b', 'a']);
  });

  it('undoes all, whatever some of them do, and keeps each error', async () => {
    const { undo, done, push } = setUp();
    push('a');
    push('b', () => Promise.reject(new Error('later')));
    push('c', () => {
      throw new Error('at once');
    });
    push('d');
    const failures = await undo.run(10_000);
    expect(done).toEqual(['d', 'c', 'b', 'a']);
    expect(failures).toEqual([
      { what: 'c', error: new Error('at once') },
      { what: 'b', error: new Error('later') },
    ]);
  });

  it('tries what failed again, in the same order, and nothing else', async () => {
    const { undo, done, push } = setUp();
    const broken = new Set(['b', 'd']);
    for (const what of ['a', 'b', 'c', 'd'])
      push(what, async () => void (broken.has(what) && (await Promise.reject(new Error(what)))));
    expect((await undo.run(10_000)).map(({ what }) => what)).toEqual(['d', 'b']);
    done.length = 0;
    broken.delete('d');
    expect((await undo.run(10_000)).map(({ what }) => what)).toEqual(['b']);
    expect(done).toEqual(['d', 'b']);
    broken.clear();
    expect(await undo.run(10_000)).toEqual([]);
    expect(done).toEqual(['d', 'b', 'b']);
  });

  it('waits for no step beyond the deadline of all, and still begins the others', async () => {
    const { undo, done, push } = setUp();
    push('a');
    push('b', never);
    const failures = await undo.run(50);
    expect(done).toEqual(['b', 'a']);
    expect(failures).toEqual(['b', 'a'].map((what) => ({ what, error: new Error('not done within 50 ms') })));
  });

  it('bears a step that fails after the deadline', async () => {
    const { undo, push } = setUp();
    let fail: (error: Error) => void = () => undefined;
    push('a', () => Promise.reject(new Error('begun too late')));
    push('b', () => new Promise((_, reject) => void (fail = reject)));
    expect(await undo.run(20)).toHaveLength(2);
    // An unhandled rejection would end the run of this file.
    fail(new Error('failed too late'));
    await new Promise(setImmediate);
  });

  it('takes steps that are pushed while it undoes', async () => {
    const { undo, done, push } = setUp();
    push('a', async () => push('b'));
    expect(await undo.run(10_000)).toEqual([]);
    expect(done).toEqual(['a', 'b']);
  });
});
