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
