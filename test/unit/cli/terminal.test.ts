import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { renderStep, StepList } from '../../../src/cli/step-list.ts';
import { fit, openTerminal, wrap } from '../../../src/cli/terminal.ts';
import { step, terminal } from './example.ts';

const open = (stream: { isTTY?: boolean; columns?: number }, env: NodeJS.ProcessEnv = {}) => {
  let written = '';
  const opened = openTerminal({ write: (text) => (written += text), ...stream }, env);
  return { ...opened, written: () => written };
};

describe('a terminal', () => {
  it.each([
    ['a terminal', { isTTY: true }, {}, true, true],
    ['a pipe', {}, {}, false, false],
    ['a pipe of CI', {}, { CI: 'true' }, false, false],
    ['a terminal of CI', { isTTY: true }, { CI: 'true' }, true, false],
    ['NO_COLOR', { isTTY: true }, { NO_COLOR: '1' }, false, true],
    ['FORCE_COLOR', {}, { FORCE_COLOR: '1' }, true, false],
    ['FORCE_COLOR=0', { isTTY: true }, { FORCE_COLOR: '0' }, false, true],
    ['both', {}, { FORCE_COLOR: '1', NO_COLOR: '1' }, false, false],
    ['a dumb one', { isTTY: true }, { TERM: 'dumb' }, false, false],
  ])('of %s', (_, stream, env, colored, live) => {
    const { colors, isLive } = open(stream, env);
    expect({ colored: colors.isColorSupported, live: isLive }).toEqual({ colored, live });
  });

  it('has a width where somebody sees it', () => {
    expect(open({ isTTY: true, columns: 72 }).width()).toBe(72);
    expect(open({ columns: 72 }).width()).toBeUndefined();
  });

  it.each([
    ['seven', undefined, 'seven'],
    ['seven', 5, 'seven'],
    ['seven', 4, 'sev…'],
    ['seven', 0, '…'],
  ])('fits %s into %s columns', (text, width, fitted) => expect(fit(text, width)).toBe(fitted));
});

it.each([
  ['one two three', undefined, ['one two three']],
  ['one two three', 7, ['one two', 'three']],
  ['https://example.test/long more', 7, ['https://example.test/long', 'more']],
])('wraps %j at %s', (text, width, lines) => expect(wrap(text, width)).toEqual(lines));

describe('the list of steps', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is a plain line per finished step in a pipe', () => {
    const pipe = open({}, { CI: '1' });
    const list = new StepList(pipe);
    list.onStart('network');
    vi.advanceTimersByTime(500);
    list.onStep(step('network'));
    list.onStart('request');
    list.onStep(step('request', false, 5.25));
    expect(pipe.written()).toBe(
      '✓ network          12 ms  detail of network\n✗ request         5.3 ms  detail of request\n',
    );
  });

  it('turns on a terminal until the step is done, and leaves only its line', () => {
    const tty = open({ isTTY: true, columns: 80 }, { NO_COLOR: '1' });
    const list = new StepList(tty);
    list.onStart('network');
    vi.advanceTimersByTime(160);
    list.onStep(step('network'));
    const done = tty.written();
    expect(done.match(/[⠋⠙⠹] network/g)).toEqual(['⠋ network', '⠙ network', '⠹ network']);
    expect(done.split('\r\x1b[2K').at(-1)).toBe('✓ network          12 ms  detail of network\n');
    vi.advanceTimersByTime(500);
    expect(tty.written()).toBe(done);
  });

  it.each([60, 80])('keeps within %i columns, and cuts no word of a reason', (columns) => {
    const words = Array.from({ length: 40 }, (_, n) => `word${n}`);
    const lines = renderStep({ ...step('nothing left'), detail: words.join(' ') }, terminal(columns)).split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    expect(lines.map((line) => line.slice(26)).join(' ')).toBe(words.join(' '));
    expect(lines[1]).toMatch(/^ {26}word/);
  });
});
