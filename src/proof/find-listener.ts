import type { Finding } from '../diagnosis.ts';
import { takesLoopback6 } from '../host/listeners.ts';
import type { Evidence } from './evidence.ts';

export interface Cause {
  readonly finding: Finding;
  readonly sentence: string;
  readonly advice: string;
}

/** What listens elsewhere, or that nothing does. */
export const judgeListeners = (seen: Evidence): Cause | undefined => {
  const { listeners, listening, hostPort, hostAddress, protocol, containerPort } = seen;
  if (listening) return undefined;
  const command = `ss -ln${protocol === 'tcp' ? 't' : 'u'}p 'sport = :${hostPort}'`;
  if (hostAddress === '127.0.0.1' && listeners.some(takesLoopback6)) {
    return {
      finding: 'listens-on-ipv6-only',
      sentence: `The service on port ${hostPort} listens on ::1 only, and containers arrive at 127.0.0.1`,
      advice: `{ hostPort: ${hostPort}, hostAddress: '::1' }`,
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

/** A user's service is never written to: what it says to the name is not known. */
export const adviceOnName = ({ hostname }: Evidence): string =>
  `nothing to do; where the service answers 403, allow it the name ${hostname} (vite: server.allowedHosts)`;

/** Where the forward leads, as it is dialled. */
export const renderAddress = ({ hostAddress, hostPort }: Evidence): string =>
  hostAddress === '::1' ? `[::1]:${hostPort}` : `127.0.0.1:${hostPort}`;
