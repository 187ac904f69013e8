import type { Cause } from './cause.ts';
import type { Evidence } from './evidence.ts';
import { renderPlace, renderYieldCommand } from './pass-command.ts';
import { renderAddress } from './words.ts';

// Our own rule counts each packet that it translates, so what it has not counted, another one has.
export const isTaken = ({ taken, ended, arrival }: Evidence): boolean =>
  taken.length > 0 ||
  ((ended === 'accepted' || ended === 'foreign') && arrival?.at === 'elsewhere') ||
  (ended === 'accepted' && (arrival === undefined || arrival.counted <= 0));

/** Somebody else has what was dialled: by which rule, where that is known. */
export const judgeTaken = (seen: Evidence): Cause => {
  const { sentence, advice } = describeTaker(seen);
  return { finding: 'taken-by-other-rule', sentence: `${sentence}${renderTaker(seen)}`, advice };
};

const renderTaker = ({ arrival }: Evidence): string => {
  if (arrival?.isTransparent === true) return '; a transparent proxy has it, by the very address that was dialled';
  return arrival?.to === undefined ? '' : `; it went to ${arrival.to.address}:${arrival.to.port}`;
};

const describeTaker = (seen: Evidence): Omit<Cause, 'finding'> => {
  const {
    protocol,
    containerPort,
    bridge,
    front,
    arrival,
    taken: [rule],
  } = seen;
  const port = `${protocol} port ${containerPort} of ${bridge}`;
  if (rule !== undefined)
    return {
      sentence: `Another rule took ${port}: ${renderPlace(rule)}`,
      advice: renderYieldCommand(seen, rule),
    };
  // A carrier looks at no packets, so that no trace names the rule.
  if (arrival?.isCarried === true)
    return {
      sentence: `Another rule took what is carried on from ${port} to ${renderAddress(seen)}`,
      advice: `look for what leads this host's own connections to ${renderAddress(seen)} elsewhere, and except them: sudo nft list ruleset`,
    };
  if (front?.at === 'gateway' && arrival?.at === 'nowhere')
    return {
      sentence: `Something of this host answers ${port} before the relay, which had no such connection: a firewall that shakes hands itself (SYNPROXY), a rule that gives callers another sender, or a proxy`,
      advice: "strategy: 'sidecar'",
    };
  return {
    sentence: `Another rule took ${port}`,
    advice: `look for what takes packets from ${bridge}, and let them pass: sudo nft list ruleset`,
  };
};
