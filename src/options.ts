import type { LocalhostForwardOptions, PortForward, Ports, Privilege, RequestListener, Strategy } from './types.ts';

export interface PlannedPort {
  hostPort: number;
  containerPort: number | undefined;
  protocol: 'tcp' | 'udp';
  hostAddress: '127.0.0.1' | '::1' | undefined;
}
export interface ResolvedOptions {
  strategy: 'auto' | Strategy;
  privilege: 'auto' | Privilege;
  verify: false | { timeoutMs: number; image?: string };
  listener: boolean | RequestListener;
  hostname: string;
  subnet: { cidr: string } | undefined;
  subnetPool: string;
  firewall: 'adapt' | 'leave';
  docker: object | undefined;
  labels: Record<string, string>;
  signal: AbortSignal | undefined;
}
export const parsePorts = (ports: unknown, _path = 'ports'): PlannedPort[] =>
  (Array.isArray(ports) ? ports : [ports]).map((p: number | PortForward) => {
    const q = typeof p === 'number' ? { hostPort: p } : p;
    return { hostPort: q.hostPort, containerPort: q.containerPort ?? (q.hostPort || undefined), protocol: q.protocol ?? 'tcp', hostAddress: q.hostAddress };
  });
export const parseOpenArguments = (ports: Ports, o: LocalhostForwardOptions, env: NodeJS.ProcessEnv): { ports: PlannedPort[]; options: ResolvedOptions } => ({
  ports: parsePorts(ports),
  options: {
    strategy: o.strategy ?? ((env['LOCALHOST_FORWARD_STRATEGY'] ?? 'auto') as 'auto'),
    privilege: o.privilege ?? 'auto',
    verify: o.verify === false ? false : { timeoutMs: 5000 },
    listener: o.listener ?? false,
    hostname: o.hostname ?? 'host.docker.internal',
    subnet: o.subnet === undefined ? undefined : { cidr: o.subnet },
    subnetPool: '198.18.0.0/15',
    firewall: 'adapt',
    docker: o.docker as object | undefined,
    labels: o.labels ?? {},
    signal: o.signal,
  },
});
