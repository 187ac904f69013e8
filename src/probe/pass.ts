import { insertAccept, removeAccepts, type InputChain } from '../strategies/firewall/accepts.ts';
import { listDroppingPolicies } from '../strategies/firewall/policies.ts';
import type { ProbeContext } from './context.ts';
import { renderPlace } from './pass-command.ts';
import type { Place } from './trace.ts';

/** Lets what comes from our bridge pass the chain that dropped it. Returns the reason where that failed. */
export const passDrop = (context: ProbeContext, drop: Place | undefined): Promise<string | undefined> => {
  // The trace does not see rules of iptables' legacy kind; a chain INPUT is where those would stand.
  const chain =
    drop === undefined
      ? { family: 'ip', table: 'filter', chain: 'INPUT' }
      : { family: drop.family, table: drop.table, chain: drop.baseChain };
  return passChain(context, chain, drop === undefined ? '' : `, before ${renderPlace(drop)}`);
};

/** The same where nobody dials, and policies are all there is to go by; they may have been listed beforehand. */
export const passPolicies = async (
  context: ProbeContext,
  listing: Promise<readonly InputChain[]> = listDroppingPolicies(context.privileges),
): Promise<void> => {
  if (context.firewall === 'leave') return;
  // One that cannot be passed is found by the first proof.
  for (const chain of await listing) await passChain(context, chain, ', before its policy drop');
};

const passChain = (context: ProbeContext, chain: InputChain, what: string): Promise<string | undefined> => {
  const { names, session, privileges, accepts } = context;
  // Remembered before it is done: killed in between, it is the sweep's; failing in between, it is ours.
  if (accepts.size === 0) context.onAdded('accepts in chains of others', () => removeAccepts(names.bridge, privileges));
  accepts.add(`an accept for ${names.bridge} in ${chain.family} ${chain.table} ${chain.chain}${what}`);
  return insertAccept(chain, names.bridge, session, privileges);
};
