import { readListeners, takesLoopback4, takesLoopback6 } from '../host/listeners.ts';
import type { LocalhostForward, Protocol } from '../types.ts';

export interface PortLine {
  readonly text: string;
  readonly isWarning: boolean;
}

/**
 * What was understood of the ports, a line each: `host.docker.internal:80 → 127.0.0.1:8088`; and where nothing listens yet, which may be
 * meant so, or be the two numbers the other way round.
 */
export const describePorts = async (
  { hostname, ports }: Pick<LocalhostForward, 'hostname' | 'ports'>,
  isServed = listensHere,
): Promise<PortLine[]> => {
  const lines = await Promise.all(
    ports.map(async (port): Promise<PortLine[]> => {
      const { hostPort, containerPort, protocol, hostAddress } = port;
      const suffix = protocol === 'udp' ? ' (udp)' : '';
      const place = `${hostAddress === '::1' ? '[::1]' : hostAddress}:${hostPort}${suffix}`;
      const line = { text: `${hostname}:${containerPort} → ${place}`, isWarning: false };
      if (await isServed(hostPort, protocol)) return [line];
      const isSwapped = containerPort !== hostPort && (await isServed(containerPort, protocol));
      const hint = isSwapped
        ? `; something listens on port ${containerPort}: did you mean ${containerPort}:${hostPort}?`
        : '';
      return [line, { text: `warning: nothing listens on ${place} yet${hint}`, isWarning: true }];
    }),
  );
  return lines.flat();
};

// Other systems than Linux tell of no UDP socket.
const listensHere = async (port: number, protocol: Protocol): Promise<boolean> =>
  (protocol === 'udp' && process.platform !== 'linux') ||
  (await readListeners(port, protocol)).some((one) => takesLoopback4(one) || takesLoopback6(one));
