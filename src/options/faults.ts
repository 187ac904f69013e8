import { cutModes, type CutMode } from '../faults.ts';
import { readObject, readOneOf } from './expect.ts';

/**
 * What `cut()` takes.
 *
 * @throws LHF_ERR_INVALID_OPTION naming the path.
 */
export const parseCutOptions = (options: unknown): { readonly mode: CutMode } => {
  const { mode = 'refuse' } = readObject('options', options ?? {}, ['mode']);
  return { mode: readOneOf('options.mode', mode, cutModes) };
};
