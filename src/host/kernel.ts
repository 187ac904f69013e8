import { existsSync, readdirSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

/** Whether a network interface of this name is in this network namespace. */
export const interfaceExists = (name: string): boolean => existsSync(`${interfacesFolder()}/${name}`);

/** The names of all network interfaces in this network namespace. */
export const listInterfaces = async (): Promise<string[]> => readdir(interfacesFolder()).catch(() => []);

/** The same at once, and none where they cannot be read. */
export const interfaceNames = (): string[] => {
  try {
    return readdirSync(interfacesFolder());
  } catch {
    return [];
  }
};

// /sys shows the network namespace that it was mounted in, which `unshare --net` and a job's container leave behind; /proc shows the reader's.
const interfacesFolder = (): string =>
  existsSync('/proc/sys/net/ipv4/conf/default') ? '/proc/sys/net/ipv4/conf' : '/sys/class/net';

/** Whether firewalld runs here, or ran since the host was booted: its folder is there for whoever has no rights to list rules. */
export const hasFirewalld = (): boolean => existsSync('/run/firewalld');

/** A kernel parameter, such as `net/ipv4/conf/<bridge>/route_localnet`; undefined where there is none. */
export const readSysctl = async (key: string): Promise<string | undefined> =>
  readFile(`/proc/sys/${key}`, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );

/** The interfaces that IPv4's default routes lead to. */
export const readDefaultDevices = async (): Promise<string[]> => {
  const table = await readFile('/proc/net/route', 'utf8').catch(() => '');
  const rows = table.split('\n').map((line) => line.split('\t'));
  return rows.flatMap(([device = '', destination, , , , , , mask]) =>
    destination === '00000000' && mask === '00000000' ? [device] : [],
  );
};
