import type { Evidence } from './evidence.ts';

/** A user's service is never written to: what it says to the name is not known. */
export const adviceOnName = ({ hostname }: Pick<Evidence, 'hostname'>): string =>
  `nothing to do; where a container does not know the name ${hostname}, put it on this network (net.applyTo(), net.dockerRunArgs); where the service answers 403, allow it that name (vite: server.allowedHosts)`;

/** Where the forward leads, as it is dialled. */
export const renderAddress = ({ hostAddress, hostPort }: Pick<Evidence, 'hostAddress' | 'hostPort'>): string =>
  hostAddress === '::1' ? `[::1]:${hostPort}` : `127.0.0.1:${hostPort}`;
