import { takesLoopback4, takesLoopback6 } from '../host/listeners.ts';
import type { Cause } from './cause.ts';
import type { Evidence } from './evidence.ts';
import { renderAddress } from './words.ts';

/** What the host's list of sockets says against it; nothing where somebody listens as the forward needs it. */
export const judgeListeners = (seen: Evidence): Cause | undefined => {
  const { listeners, listening, hostPort, hostAddress, protocol, containerPort, bridge } = seen;
  if (listening) return undefined;
  const command = `ss -ln${protocol === 'tcp' ? 't' : 'u'}p 'sport = :${hostPort}'`;
  const bound = listeners.find((listener) => takesLoopback4(listener) && listener.device !== undefined);
  if (bound !== undefined)
    return {
      finding: 'listens-on-other-address',
      sentence: `The service on port ${hostPort} listens for the interface ${bound.device} alone, and containers come by ${bridge}: a relay's connections come by the loopback`,
      advice: "strategy: 'relay'",
    };
  if (hostAddress === '127.0.0.1' && listeners.some(takesLoopback6)) {
    return {
      finding: 'listens-on-ipv6-only',
      sentence: `The service on port ${hostPort} listens on ::1 only, and containers arrive at 127.0.0.1`,
      advice: protocol === 'udp' ? command : `{ hostPort: ${hostPort}, hostAddress: '::1' }`,
    };
  }
  const [other] = listeners;
  if (other !== undefined)
    return {
      finding: 'listens-on-other-address',
      sentence: `The service on port ${hostPort} listens on ${other.address} and not on ${hostAddress}`,
      advice: command,
    };
  return {
    finding: 'no-listener',
    sentence: `Nothing listens on ${renderAddress(seen)} (${protocol}), which container port ${containerPort} stands for`,
    advice: command,
  };
};
