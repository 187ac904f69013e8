import { connect as dial, type Socket } from 'node:net';
import type { PortMapping } from '../strategy.ts';

/** Where the service is looked for: on both where nobody named one, since it may come back on the other. */
export const hostsOf = ({ hostAddress, eitherLoopback }: PortMapping): readonly string[] => [
  hostAddress,
  ...(eitherLoopback === true ? [hostAddress === '::1' ? '127.0.0.1' : '::1'] : []),
];

/** A connection to the first that accepts one; undefined where none does. */
export const dialFirst = (
  [place, ...others]: readonly { readonly host: string; readonly port: number }[],
  done: (service: Socket | undefined) => void,
): void => {
  if (place === undefined) return done(undefined);
  const service = dial({ ...place, allowHalfOpen: true });
  const fail = (): void => dialFirst(others, done);
  service.setNoDelay().unref();
  service.once('error', fail);
  service.once('connect', () => {
    service.off('error', fail);
    done(service);
  });
};
