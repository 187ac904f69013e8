import { overlaps, parseCidr, renderCidr, type Cidr } from '../network/subnet.ts';
import { expected, isList, isRecord, readSafely } from './expect.ts';

/** A name for containers to dial: labels of letters, digits and inner hyphens (RFC 1123), so that nothing else can be smuggled into a hosts entry. */
const readHostname = (path: string, value: unknown): string => {
  if (
    typeof value !== 'string' ||
    value.length > 253 ||
    !/^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/i.test(value)
  ) {
    throw expected(path, 'a host name such as host.docker.internal', value);
  }
  // A last label that is a number makes resolvers take the whole for an IPv4 address.
  if (/(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i.test(value)) throw expected(path, 'a name and not an address', value);
  if (/(?:^|\.)localhost$/i.test(value))
    throw expected(path, 'a name other than localhost, which is the container itself', value);
  return value;
};

/** More than anybody gives one host, and few enough for every container's hosts file. */
const mostHostnames = 32;

/** A name, or several for the same: each once, whatever its case. */
export const readHostnames = (path: string, value: unknown): readonly string[] => {
  if (!isList(value)) return [readHostname(path, value)];
  const given = readSafely(path, () => Array.from(value));
  if (given.length === 0 || given.length > mostHostnames)
    throw expected(path, `a host name, or a list of 1 to ${mostHostnames}`, value);
  const names = given.map((name, n) => readHostname(`${path}[${n}]`, name));
  return names.filter((name, n) => names.findIndex((one) => one.toLowerCase() === name.toLowerCase()) === n);
};

/** A network's CIDR, /16 to /29, whose address is the network's own. */
export const readSubnet = (path: string, value: unknown): { cidr: string } => {
  return { cidr: readCidr(path, value, 16, 29) };
};

/** A pool to take subnets from, /8 to /24. */
export const readPool = (path: string, value: unknown): string => readCidr(path, value, 8, 24);

// Capitals only in a registry's name and in a tag, as engines have it.
const imagePart = '[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*';
const imagePattern = new RegExp(
  `^(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::\\d{1,5})?/)?${imagePart}(?:/${imagePart})*(?::\\w[\\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`,
);

/** A reference to an image, as `docker run` takes it. */
export const readImage = (path: string, value: unknown): string => {
  if (typeof value === 'string' && value.length <= 512 && imagePattern.test(value)) return value;
  throw expected(path, 'the name of an image such as node:24-alpine', value);
};

/** Further labels; ours are not to be had. */
export const readLabels = (path: string, value: unknown): Record<string, string> => {
  if (!isRecord(value)) throw expected(path, 'an object of strings', value);
  const labels: Record<string, string> = {};
  for (const [key, text] of readSafely(path, () => Object.entries(value))) {
    const place = `${path}[${JSON.stringify(key)}]`;
    if (key === '' || key.includes('\0')) throw expected(place, 'a label with a name', key);
    if (key.startsWith('localhost-forward.'))
      throw expected(place, 'a label that does not start with localhost-forward., which marks what is ours', key);
    if (typeof text !== 'string' || text.includes('\0')) throw expected(place, 'a string', text);
    labels[key] = text;
  }
  return labels;
};

// Where no bridge may have an address: this-network, loopback, link-local, multicast and what lies above.
const forbidden = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'];
const isForbidden = (subnet: Cidr): boolean => forbidden.some((cidr) => overlaps(parseCidr(cidr) ?? subnet, subnet));

const readCidr = (path: string, value: unknown, widest: number, narrowest: number): string => {
  const parsed = typeof value === 'string' ? parseCidr(value) : undefined;
  if (parsed === undefined)
    throw expected(
      path,
      `an IPv4 subnet from /${widest} to /${narrowest}, such as 198.18.7.0/${Math.min(28, narrowest)}`,
      value,
    );
  if (parsed.bits < widest || parsed.bits > narrowest)
    throw expected(path, `an IPv4 subnet from /${widest} to /${narrowest}`, value);
  const aligned = renderCidr(parsed);
  if (aligned !== value) throw expected(path, `the subnet's own address, ${aligned}`, value);
  if (isForbidden(parsed)) throw expected(path, `outside of ${forbidden.join(', ')}`, value);
  return aligned;
};
