import type { ForwardHandover } from '../../src/index.ts';

// The environment is what Jest's workers inherit, however many there are.
const variable = 'LOCALHOST_FORWARD_HANDOVER';

/** Leaves a forward to workers that start later, or takes it back. */
export const writeHandover = (handover: ForwardHandover | undefined): void => {
  if (handover === undefined) delete process.env[variable];
  else process.env[variable] = JSON.stringify(handover);
};

export const readHandover = (): ForwardHandover | undefined => {
  const text = process.env[variable];
  return text === undefined ? undefined : (JSON.parse(text) as ForwardHandover);
};
