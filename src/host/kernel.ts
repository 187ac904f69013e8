import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** Whether a network interface of this name is in this network namespace. */
export const interfaceExists = (name: string): boolean =>
  existsSync(`/sys/class/net/${name}`) || existsSync(`/proc/sys/net/ipv4/conf/${name}`);

/** A kernel parameter, such as `net/ipv4/conf/<bridge>/route_localnet`; undefined where there is none. */
export const readSysctl = async (key: string): Promise<string | undefined> =>
  readFile(`/proc/sys/${key}`, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );

/** The CIDRs that this host's IPv4 routes cover, the default route left out. */
export const readRoutes = async (): Promise<string[]> => {
  const table = await readFile('/proc/net/route', 'utf8').catch(() => '');
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter((fields) => fields.length >= 8)
    .map((fields) => `${readAddress(fields[1] ?? '')}/${readAddressBits(fields[7] ?? '')}`)
    .filter((cidr) => !cidr.endsWith('/0'));
};

// The kernel prints addresses there as one little-endian hexadecimal number.
const readAddress = (hex: string): string =>
  (hex.match(/../g) ?? [])
    .toReversed()
    .map((byte) => parseInt(byte, 16))
    .join('.');
const readAddressBits = (hex: string): number =>
  BigInt(`0x${hex || '0'}`)
    .toString(2)
    .replaceAll('0', '').length;
