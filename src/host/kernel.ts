import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import type { Privileges } from '../privilege/privileges.ts';

const pathOf = (bridge: string): string => `/proc/sys/net/ipv4/conf/${bridge}/route_localnet`;

/** Whether a network interface of this name is in this network namespace. */
export const interfaceExists = (name: string): boolean =>
  existsSync(`/sys/class/net/${name}`) || existsSync(`/proc/sys/net/ipv4/conf/${name}`);

/** Whether the bridge routes to 127/8; undefined where the bridge is gone. */
export const readRouteLocalnet = async (bridge: string): Promise<boolean | undefined> =>
  readFile(pathOf(bridge), 'utf8').then(
    (text) => text.trim() === '1',
    () => undefined,
  );

/** Turns `route_localnet` of one bridge on or off; the returned text is the reason where that failed. */
export const writeRouteLocalnet = async (
  bridge: string,
  on: boolean,
  privileges: Privileges,
): Promise<string | undefined> => {
  const value = on ? '1' : '0';
  if (privileges.kind === 'root') {
    return writeFile(pathOf(bridge), value).then(
      () => undefined,
      (error: unknown) => String(error),
    );
  }
  const { exitCode, stderr, failure } = await privileges.run(['tee', pathOf(bridge)], { input: value });
  return exitCode === 0 ? undefined : (failure ?? stderr.trim());
};

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
