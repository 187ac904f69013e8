import type { EngineFacts } from '../engine/facts.ts';
import type { HostFacts } from '../host/facts.ts';
import { lendTools } from '../privilege/lent-tools.ts';
import type { RightsEngine } from '../privilege/rights-container.ts';
import { mayNeedRights, type Wishes } from './choose-strategy.ts';

/**
 * What the choice goes by: this machine's facts, with the tools that an image lends where somebody may change the kernel. Nobody else's
 * wishes start the container that asks that image.
 */
export const lendWhereWanted = async (
  wishes: Pick<Wishes, 'strategy' | 'privilege'>,
  host: HostFacts,
  engine: RightsEngine & { readonly facts: EngineFacts },
): Promise<HostFacts> => (mayNeedRights(wishes) ? lendTools(host, engine) : host);
