import { parseCidr } from '../network/subnet.ts';
import { LocalhostForwardError } from '../errors.ts';
import { privilegeNames, strategyNames, type ForwardHandover } from '../types.ts';
import { isList, isRecord, readSafely, show } from './expect.ts';
import { readHostnames } from './names.ts';
import { parsePort } from './ports.ts';

/**
 * What another process handed over, which came through its environment or a file: names in it become names of rules and programs' words.
 * A hand-over of an older copy of the package tells one host name.
 *
 * @throws LHF_ERR_INVALID_OPTION for what net.toJSON() would not give.
 */
export const readHandover = (value: unknown): ForwardHandover => {
  const given = readSafely('handover', () => (isRecord(value) ? { ...value } : {}));
  const { id, networkName, networkId, bridgeName, subnet, gateway, hostname, strategy, privilege, ports } = given;
  const hostnames = given['hostnames'] ?? [hostname];
  const isOurs =
    fits(/^[0-9a-z]{8}$/, id) &&
    bridgeName === `lhf-${String(id)}` &&
    fits(/^[\w.-]{1,128}$/, networkName) &&
    fits(/^\w{1,128}$/, networkId) &&
    typeof subnet === 'string' &&
    parseCidr(subnet) !== undefined &&
    fits(/^[a-z0-9.:-]{1,253}$/i, gateway) &&
    (strategyNames as readonly unknown[]).includes(strategy) &&
    (privilegeNames as readonly unknown[]).includes(privilege) &&
    isList(ports) &&
    isList(hostnames);
  if (!isOurs)
    throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
      what: `Expected \`handover\` to be what net.toJSON() gave, got \`${show(value)}\``,
      try: 'joinLocalhostForward(net.toJSON())',
    });
  for (const [n, port] of Array.from(ports).entries()) parsePort(port, `handover.ports[${n}]`);
  const names = readHostnames('handover.hostnames', hostnames);
  return { ...(given as unknown as ForwardHandover), hostname: names[0] ?? '', hostnames: names };
};

const fits = (pattern: RegExp, value: unknown): boolean => typeof value === 'string' && pattern.test(value);
