import { printableLine } from '../printable.ts';

/** Tells whose containers were disconnected from a network that went, and on what occasion. */
export const warnAttached = (network: string, disconnected: readonly string[], when: string): void => {
  if (disconnected.length === 0) return;
  process.emitWarning(
    printableLine(`still attached to ${network} when ${when}, disconnected: ${disconnected.join(', ')}`),
    {
      type: 'LocalhostForwardWarning',
      code: 'LHF_WARN_ATTACHED',
    },
  );
};
