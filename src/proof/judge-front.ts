import type { Cause } from './cause.ts';
import type { Evidence } from './evidence.ts';

/**
 * What silence says where a relay listens on the network's gateway: the kernel answers in its place whoever comes so far, so that a
 * firewall has kept the packet. Which one no packet tells, for a relay has no rights to look at packets, and what one of them accepts
 * another may drop. To a sidecar packets come on the network itself, where firewalls see them that look into bridges.
 */
export const judgeFront = (seen: Evidence): Cause | undefined => {
  const { front, ended, rulePresent, protocol, containerPort, bridge, gateway } = seen;
  if (front === undefined || rulePresent !== true || protocol !== 'tcp') return undefined;
  if (ended !== 'timeout' && ended !== 'rejected') return undefined;
  const place = `${protocol} port ${containerPort} of ${bridge}`;
  if (front.at === 'sidecar')
    return {
      finding: 'dropped-before-rule',
      sentence: `A firewall of this host drops what goes from container to container on ${bridge}: ${protocol} port ${containerPort} does not come to the sidecar, which listens on ${gateway}`,
      advice: "strategy: 'relay'",
    };
  return {
    finding: 'firewall-input',
    sentence: `A firewall of this host${front.firewalld ? ', where firewalld runs,' : ''} drops ${place} before the relay, which listens on ${gateway}`,
    // firewalld's zones drop what goes from container to container as well, and do not tell ports of one interface apart.
    advice: front.firewalld ? `sudo firewall-cmd --zone=trusted --change-interface=${bridge}` : "strategy: 'sidecar'",
  };
};
