/** A TCP or UDP port, 1 to 65535; as a host port also 0: a free one on 127.0.0.1 is picked. */
export type Port = number;
/** What a port carries. */
export type Protocol = 'tcp' | 'udp';

/** One port: where the service listens, and what containers dial. */
export interface PortForward {
  /** Where the service listens on the host's loopback; 0 picks a free port. */
  hostPort: Port;
  /** What containers dial. Default: the host port. */
  containerPort?: Port;
  /** Default: `'tcp'`. */
  protocol?: Protocol;
  /** Default: `'127.0.0.1'`, and `'::1'` while only that one listens. A TCP service on ::1 sees ::1 as its caller. */
  hostAddress?: '127.0.0.1' | '::1';
}

/** One port or several, by number or in full. An empty list opens a network to add ports to later. */
export type Ports = Port | PortForward | readonly (Port | PortForward)[];

/** A port that is forwarded, with every default in place. */
export type ForwardedPort = Readonly<Required<PortForward>>;
