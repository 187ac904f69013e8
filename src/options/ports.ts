import { LocalhostForwardError } from '../errors.ts';
import type { ForwardedPort, Protocol } from '../types.ts';
import { expected, isList, isRecord, readInteger, readObject, readOneOf, readSafely } from './expect.ts';

/** A port as it was asked for, checked. */
export interface PlannedPort {
  /** 0: one is picked. */
  readonly hostPort: number;
  /** Undefined: whichever host port is picked. */
  readonly containerPort: number | undefined;
  readonly protocol: Protocol;
  /** Undefined: 127.0.0.1, or ::1 when only that one listens. */
  readonly hostAddress: '127.0.0.1' | '::1' | undefined;
}

/** More than any test needs, and few enough for one transaction. */
const mostPorts = 1024;

/**
 * Checks ports as users write them: `8088`, `{ hostPort: 8088, containerPort: 80 }`, or a list of these.
 *
 * @throws LHF_ERR_INVALID_OPTION naming the path.
 */
export const parsePorts = (ports: unknown, path = 'ports'): PlannedPort[] => {
  if (!isList(ports)) return [parsePort(ports, path)];
  const length = readSafely(path, () => ports.length);
  if (length > mostPorts) throw expected(path, `at most ${mostPorts} ports`, length);
  // Array.from sees holes in sparse lists, which map() would pass over.
  const list = readSafely(path, () => Array.from(ports));
  const planned = list.map((port, n) => parsePort(port, `${path}[${n}]`));
  refuseDuplicates(planned, path);
  return planned;
};

/** Checks one port. */
export const parsePort = (port: unknown, path: string): PlannedPort => {
  if (!isRecord(port)) {
    if (typeof port !== 'number') throw expected(path, 'a port, as a number or { hostPort, containerPort }', port);
    const hostPort = readInteger(path, port, 0, 65_535);
    return { hostPort, containerPort: hostPort === 0 ? undefined : hostPort, protocol: 'tcp', hostAddress: undefined };
  }
  const fields = readObject(path, port, ['hostPort', 'containerPort', 'protocol', 'hostAddress']);
  const hostPort = readInteger(`${path}.hostPort`, fields.hostPort, 0, 65_535);
  if (hostPort === 0 && fields.hostAddress === '::1')
    throw expected(`${path}.hostAddress`, "'127.0.0.1' beside `hostPort: 0`, which is picked there", '::1');
  return {
    hostPort,
    containerPort:
      fields.containerPort === undefined
        ? hostPort === 0
          ? undefined
          : hostPort
        : readInteger(`${path}.containerPort`, fields.containerPort, 1, 65_535),
    protocol: fields.protocol === undefined ? 'tcp' : readOneOf(`${path}.protocol`, fields.protocol, ['tcp', 'udp']),
    hostAddress:
      fields.hostAddress === undefined
        ? undefined
        : readOneOf<'127.0.0.1' | '::1'>(`${path}.hostAddress`, fields.hostAddress, ['127.0.0.1', '::1']),
  };
};

/** Checks what names a port that is forwarded. */
export const parsePortKey = (
  containerPort: unknown,
  protocol: unknown,
): Pick<ForwardedPort, 'containerPort' | 'protocol'> => ({
  containerPort: readInteger('containerPort', containerPort, 1, 65_535),
  protocol: readOneOf('protocol', protocol, ['tcp', 'udp']),
});

const refuseDuplicates = (ports: readonly PlannedPort[], path: string): void => {
  const seen = new Map<string, number>();
  for (const [n, { containerPort, protocol }] of ports.entries()) {
    if (containerPort === undefined) continue;
    const key = `${protocol} ${containerPort}`;
    const first = seen.get(key);
    if (first !== undefined) {
      throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
        what: `Expected \`${path}[${n}]\` to have a container port of its own, got ${key} again, which \`${path}[${first}]\` has`,
      });
    }
    seen.set(key, n);
  }
};
