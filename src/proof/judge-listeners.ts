import { takesLoopback4, takesLoopback6 } from '../host/listeners.ts';
import type { Cause } from './cause.ts';
import type { Evidence } from './evidence.ts';
import { renderAddress } from './words.ts';

/** What the host's list of sockets says against it; nothing where somebody listens as the forward needs it. */
export const judgeListeners = (seen: Evidence): Cause | undefined => {
  const { listeners, listening, hostPort, hostAddress, protocol, containerPort, bridge } = seen;
  if (listening) return undefined;
  if (seen.isLedOn === true)
    return {
      finding: 'no-listener',
      sentence: `Nothing listens on ${renderAddress(seen)} itself, and this host's own connections to it are led on, as to a container that publishes it: a relay's are so, too`,
      advice: "strategy: 'relay'",
    };
  const advice = adviseLook(seen);
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
      advice: protocol === 'udp' ? advice : `{ hostPort: ${hostPort}, hostAddress: '::1' } in place of ${hostPort}`,
    };
  }
  const [other] = listeners;
  if (other !== undefined)
    return {
      finding: 'listens-on-other-address',
      sentence: `The service on port ${hostPort} listens on ${other.address} and not on ${hostAddress}`,
      advice,
    };
  return {
    finding: 'no-listener',
    sentence: `Nothing listens on ${renderAddress(seen)} (${protocol}), which container port ${containerPort} stands for${describeOwnPorts(seen)}`,
    // All that listens: a service that is up listens somewhere else.
    advice: `ss -ln${protocol === 'tcp' ? 't' : 'u'}p`,
  };
};

/** How many ports a sentence names: whoever mistook his own finds it among those next to it. */
const fewPorts = 5;

const describeOwnPorts = ({ ownPorts = [], hostPort }: Evidence): string => {
  const nearest = ownPorts
    .filter((port) => port !== hostPort)
    .toSorted((a, b) => Math.abs(a - hostPort) - Math.abs(b - hostPort))
    .slice(0, fewPorts)
    .toSorted((a, b) => a - b);
  if (nearest.length === 0) return '';
  const more = ownPorts.length > nearest.length ? ', among others' : '';
  return `; programs of this user listen on ${nearest.join(', ')}${more}`;
};

/** A service that lets nobody in though it listens; nothing where the host's list of sockets says nothing of the kind. */
export const judgeUnwilling = ({
  listeners,
  protocol,
  hostname,
  containerPort,
  hostPort,
  ...where
}: Evidence): Cause | undefined => {
  const told = listeners.filter(({ isFull }) => isFull !== undefined);
  if (protocol !== 'tcp' || told.length === 0) return undefined;
  const address = renderAddress({ hostPort, ...where });
  const arrives = `What comes to ${hostname}:${containerPort} arrives at ${address}, and the service there takes nobody in`;
  if (told.every(({ isFull }) => isFull === true))
    return {
      finding: 'probe-failed',
      sentence: `${arrives}: as many callers wait for it as it lets`,
      advice: adviseLook({ protocol, hostPort }),
    };
  // The kernel shakes hands in a service's place, even where that hangs: only a filter of the socket's keeps it from that.
  return where.relayed
    ? undefined
    : {
        finding: 'probe-failed',
        sentence: `${arrives}: a filter of its socket keeps other callers than this host out, as IPAddressAllow=localhost of systemd does, and a relay calls from 127.0.0.1`,
        advice: "strategy: 'relay'",
      };
};

const adviseLook = ({ protocol, hostPort }: Pick<Evidence, 'protocol' | 'hostPort'>): string =>
  `ss -ln${protocol === 'tcp' ? 't' : 'u'}p 'sport = :${hostPort}'`;
