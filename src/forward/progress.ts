import { spans, type Span } from '../command/debug.ts';
import { channel } from 'node:diagnostics_channel';
import { now } from '../clock.ts';

/** One step of opening, done. */
export interface Progress {
  readonly step: 'listener' | 'network' | 'rules' | 'request';
  readonly detail: string;
  readonly ms: number;
}

const progress = channel('localhost-forward:progress');

/** Tells whoever watches what is done; costs nothing while nobody does. */
export const tellProgress = (step: Progress['step'], startedAt: number, detail: () => string): void => {
  if (spans.hasSubscribers)
    spans.publish({ what: `${step}: ${detail()}`, startedAt, ms: now() - startedAt } satisfies Span);
  if (!progress.hasSubscribers) return;
  progress.publish({ step, detail: detail(), ms: now() - startedAt } satisfies Progress);
};

/** Calls back for each step that is done anywhere in this process; returns how to stop it. */
export const watchProgress = (onProgress: (progress: Progress) => void): (() => void) => {
  const listener = (message: unknown): void => onProgress(message as Progress);
  progress.subscribe(listener);
  return () => {
    progress.unsubscribe(listener);
  };
};
