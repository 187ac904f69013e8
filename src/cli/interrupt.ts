import { constants } from 'node:os';
import { AbortController } from '../abort.ts';

const interrupts = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Interrupt = (typeof interrupts)[number];

/** The first interrupt as an abort signal, so that what is open is closed first; a second one ends the process at once. */
export const onInterrupt = (): Disposable & { readonly signal: AbortSignal } => {
  const controller = new AbortController();
  const stop = (): void => {
    for (const name of interrupts) process.off(name, abort);
  };
  const abort = (name: Interrupt): void => {
    stop();
    controller.abort(name);
  };
  for (const name of interrupts) process.on(name, abort);
  return { signal: controller.signal, [Symbol.dispose]: stop };
};

/** The exit code that tells which signal it was, as shells have it. */
export const exitCodeOf = ({ reason }: Pick<AbortSignal, 'reason'>): number => 128 + signalNumber(reason as Interrupt);

export const signalNumber = (name: NodeJS.Signals): number => constants.signals[name];
