import { existsSync } from 'node:fs';
import type { HelperMount } from '../engine/helper-container.ts';

/** The interfaces' parameters, inside: /proc/sys itself is read-only in containers. */
export const confFolder = '/lhf/conf';
export const hostConf = 'net/ipv4/conf/';
export const confFolder6 = '/lhf/conf6';
export const hostConf6 = 'net/ipv6/conf/';

/** Where a system keeps programs, what they load, and what they know protocols by. All of it is read-only. */
const systemPlaces = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib64',
  '/etc/alternatives',
  '/etc/protocols',
  '/etc/ld.so.cache',
  // NixOS has its programs here.
  '/nix/store',
  '/run/current-system',
];

/** The host's own programs, and what they load. */
export const listPrograms = (): HelperMount[] =>
  systemPlaces.filter((path) => existsSync(path)).map((source) => ({ source, isOfPrograms: true }));

/** What of the kernel's parameters it may write. */
export const listParameters = (): HelperMount[] => [
  { source: `/proc/sys/${hostConf.slice(0, -1)}`, target: confFolder, isWritable: true },
  ...[{ source: `/proc/sys/${hostConf6.slice(0, -1)}`, target: confFolder6, isWritable: true }].filter(({ source }) =>
    existsSync(source),
  ),
];
