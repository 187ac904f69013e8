import { cutModes, type CutMode, type Slowness } from '../faults.ts';
import { expected, readInteger, readObject, readOneOf } from './expect.ts';

/**
 * What `cut()` takes.
 *
 * @throws LHF_ERR_INVALID_OPTION naming the path.
 */
export const parseCutOptions = (options: unknown): { readonly mode: CutMode } => {
  const { mode = 'refuse' } = readObject('options', options ?? {}, ['mode']);
  return { mode: readOneOf('options.mode', mode, cutModes) };
};

/**
 * What `slow()` takes.
 *
 * @throws LHF_ERR_INVALID_OPTION naming the path.
 */
export const parseSlowOptions = (options: unknown): Slowness => {
  const known = ['latencyMs', 'jitterMs', 'bytesPerSecond'] as const;
  const { latencyMs = 0, jitterMs = 0, bytesPerSecond } = readObject('options', options ?? {}, known);
  const slow = {
    latencyMs: readInteger('options.latencyMs', latencyMs, 0, 60_000, ' milliseconds'),
    jitterMs: readInteger('options.jitterMs', jitterMs, 0, 60_000, ' milliseconds'),
    bytesPerSecond:
      bytesPerSecond === undefined
        ? undefined
        : readInteger('options.bytesPerSecond', bytesPerSecond, 1_000, 1_000_000_000),
  };
  if (slow.latencyMs > 0 || slow.jitterMs > 0 || slow.bytesPerSecond !== undefined) return slow;
  throw expected('options', 'one or more of { latencyMs, jitterMs, bytesPerSecond }', options, 'net.restore()');
};
