import { runInThisContext } from 'node:vm';
import { LocalhostForwardError } from '../errors.ts';

/** Before ssh2 is loaded: it begins some by itself, and where there is none that ends the process. */
export const requireWebAssembly = (): void => {
  if (runInThisContext('typeof WebAssembly') === 'undefined')
    throw new LocalhostForwardError('LHF_ERR_SYSTEM', {
      what: 'The client of ssh, ssh2, cannot be loaded: this Node has no WebAssembly',
      try: 'node without --jitless',
    });
};
