import type { SmokeStep } from '../smoke/report.ts';
import type { StepWatcher } from '../smoke/steps.ts';
import { hang, type Terminal } from './terminal.ts';

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const nameWidth = 14;
const timeWidth = 8;

/** A list of steps that grows while they happen: a line each, and on a terminal one that turns for the step under way. */
export class StepList implements StepWatcher {
  readonly #terminal: Terminal;
  #turning: NodeJS.Timeout | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  onStart(name: string): void {
    if (!this.#terminal.isLive) return;
    this.#stop();
    let frame = 0;
    const draw = (): void =>
      this.#terminal.write(`\r\x1b[2K${this.#terminal.colors.cyan(frames[frame++ % frames.length] ?? '')} ${name}`);
    draw();
    this.#turning = setInterval(draw, 80).unref();
  }

  onStep(step: SmokeStep): void {
    this.#stop();
    this.#terminal.write(`${renderStep(step, this.#terminal)}\n`);
  }

  #stop(): void {
    if (this.#turning === undefined) return;
    clearInterval(this.#turning);
    this.#turning = undefined;
    this.#terminal.write('\r\x1b[2K');
  }
}

/** One finished step as a line, and more of them where its detail is longer than that. */
export const renderStep = (
  { name, ok, ms, detail }: SmokeStep,
  { colors, width }: Pick<Terminal, 'colors' | 'width'>,
): string => {
  const mark = ok ? colors.green('✓') : colors.red('✗');
  const time = `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`.padStart(timeWidth);
  return hang(`${mark} ${name.padEnd(nameWidth)}${colors.dim(time)}  `, 2 + nameWidth + timeWidth + 2, detail, width());
};
