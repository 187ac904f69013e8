import { isIP } from 'node:net';
import { LocalhostForwardError, type ErrorText } from '../errors.ts';
import { show } from '../options/expect.ts';
import { isNameOfOurs } from '../ownership/names.ts';
import type { LocalhostForward } from '../types.ts';

type Basics = Pick<LocalhostForward, 'networkName' | 'gateway' | 'hostname' | 'hostnames' | 'ports'>;

export interface Described extends Pick<LocalhostForward, 'extraHosts' | 'dockerRunArgs' | 'env' | 'url'> {}

/** What users pass on to containers, commands and tests, from what a forward is. */
export const describeForward = ({ networkName, gateway, hostname, hostnames, ports }: Basics): Described => {
  const url = (containerPort?: number): string => {
    const port = ports.find((one) =>
      containerPort === undefined ? one.protocol === 'tcp' : one.containerPort === containerPort,
    );
    if (port === undefined) throw notForwarded(containerPort, { networkName, ports });
    return `http://${hostname}:${port.containerPort}`;
  };
  const extraHosts = renderExtraHosts({ hostnames, gateway });
  return {
    url,
    extraHosts,
    dockerRunArgs: ['--network', networkName, ...extraHosts.flatMap((entry) => ['--add-host', entry])],
    env: {
      LOCALHOST_FORWARD_NETWORK: networkName,
      LOCALHOST_FORWARD_HOST: hostname,
      // What only the engine knows is dialled by its name; of its own words docker takes `host-gateway` in place of an address.
      LOCALHOST_FORWARD_GATEWAY: isIP(gateway) === 0 && gateway !== 'host-gateway' ? hostname : gateway,
      // In docker's order; which one a host port of 0 came to, nothing else tells a command.
      LOCALHOST_FORWARD_PORTS: ports.map(renderMapping).join(','),
      ...(ports.some(({ protocol }) => protocol === 'tcp') ? { LOCALHOST_FORWARD_URL: url() } : {}),
    },
  };
};

const renderMapping = ({ hostPort, containerPort, protocol }: Basics['ports'][number]): string =>
  `${hostPort}:${containerPort}${protocol === 'udp' ? '/udp' : ''}`;

/** Nothing for a name that the engine itself resolves. */
export const renderExtraHosts = (names: Pick<Basics, 'hostnames' | 'gateway'>): string[] =>
  toBeAdded(names).map((name) => `${name}:${names.gateway}`);

const toBeAdded = ({ hostnames, gateway }: Pick<Basics, 'hostnames' | 'gateway'>): string[] =>
  hostnames.filter((name) => name !== gateway);

/** The error for a port that is not there; undefined asks for any TCP port. */
export const notForwarded = (
  containerPort: number | undefined,
  { networkName, ports }: Pick<Basics, 'networkName' | 'ports'>,
): LocalhostForwardError => {
  const what =
    containerPort === undefined
      ? `${networkName} forwards no TCP port`
      : `Expected a container port that ${networkName} forwards, got \`${show(containerPort)}\``;
  return new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
    what,
    evidence: ports.map((one) => `forwarded: ${one.protocol}/${one.containerPort}`),
  });
};

/** The error for a port that is there already. */
export const alreadyForwarded = (key: string, network: string): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
    what: `Expected \`port\` to be one that is not forwarded yet, got ${key}, which ${network} forwards already`,
  });

/** Why a container did not come, and what to do: that it can is worth a word as well. */
export const explainReach = async (
  net: Pick<LocalhostForward, 'diagnose' | 'url'>,
  port: number | undefined,
): Promise<{ sentence: string; advice: string }> => {
  const { reachable, sentence, advice } = await net.diagnose(port === undefined ? {} : { port });
  return reachable
    ? {
        sentence: `a container can: ${sentence}`,
        advice: `let a container of this network (net.applyTo(), net.dockerRunArgs) call ${net.url(port)}`,
      }
    : { sentence, advice };
};

interface Builder {
  withNetworkMode(mode: string): unknown;
  withExtraHosts(hosts: { host: string; ipAddress: string }[]): unknown;
}

/**
 * Puts a testcontainers builder on the network. Its own `withNetwork` takes objects of its own class only, hence the mode.
 *
 * @throws LHF_ERR_INVALID_OPTION for anything that is no such builder, or one that is on another network already.
 */
export const putOnNetwork = <C>(container: C, { networkName, hostnames, gateway }: Basics): C => {
  const builder = container as C & Partial<Builder> & { networkMode?: unknown };
  if (typeof builder?.withNetworkMode !== 'function' || typeof builder.withExtraHosts !== 'function') {
    throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
      what: `Expected \`container\` to be a testcontainers builder with withNetworkMode() and withExtraHosts(), got \`${describeValue(container)}\``,
      try: 'net.applyTo(new GenericContainer(image))',
    });
  }
  if (typeof builder.networkMode === 'string' && builder.networkMode !== networkName)
    throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', explainOther(builder.networkMode, networkName));
  builder.withNetworkMode(networkName);
  const hosts = toBeAdded({ hostnames, gateway }).map((host) => ({ host, ipAddress: gateway }));
  if (hosts.length > 0) builder.withExtraHosts(hosts);
  return container;
};

/** Of a builder that is on another network already: why that is refused, and what helps. */
const explainOther = (mode: string, networkName: string): ErrorText => {
  const what = `Expected \`container\` to be on no network yet, got one on \`${mode}\``;
  if (isNameOfOurs(mode))
    return { what: `${what}, another forward's: one takes several ports`, try: 'openLocalhostForward([8088, 9090])' };
  // What no network is cannot be joined later.
  if (/^(?:host|none|default|bridge|container:.*)$/.test(mode))
    return { what, try: 'net.applyTo(new GenericContainer(image))' };
  // Joined the other way round, it would not know the name.
  return {
    what: `${what}, which it can join when it runs on ${networkName}`,
    try: `docker network connect ${mode} <container>`,
  };
};

// An object without a prototype has no constructor to be named after.
const describeValue = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? ((value as { constructor?: { name?: string } }).constructor?.name ?? 'an object')
    : String(value);
