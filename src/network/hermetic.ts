import { readFile } from 'node:fs/promises';
import type { EngineFacts } from '../engine/facts.ts';
import { LocalhostForwardError } from '../errors.ts';
import { isOlder } from '../host/version.ts';

/** What the engine itself, and no container, would carry out of a hermetic network: questions for names. Pure. */
export const obstacleToOwnNames = (
  { name, version, bridgeStands }: Pick<EngineFacts, 'name' | 'version' | 'bridgeStands'>,
  resolvConf: string,
): string | undefined => {
  if (bridgeStands !== 'always')
    return `${name} answers names by a server of its own on the gateway, which asks others`;
  if (asksForNobody(version)) return undefined;
  const servers = [...resolvConf.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, server = '']) => server);
  // Of systemd's own alone the engine takes those that it asks.
  const isStub = servers.length > 0 && servers.every((server) => server === '127.0.0.53');
  const own = servers.find((server) => server.startsWith('127.') || server === '::1');
  if (own === undefined || isStub) return undefined;
  return `${name} ${version} asks this host's own name server, ${own}, for containers of every network`;
};

/** Engines that ask no name server for internal networks. */
const asksForNobody = (version: string): boolean =>
  !isOlder(version, '26.0') ||
  (version.startsWith('25.') && !isOlder(version, '25.0.5')) ||
  (version.startsWith('23.') && !isOlder(version, '23.0.11'));

/** @throws LHF_ERR_UNSUPPORTED where the engine would ask for names in a hermetic network's place. */
export const assertOwnNames = async (facts: EngineFacts): Promise<void> => {
  const what = obstacleToOwnNames(facts, await readFile('/etc/resolv.conf', 'utf8').catch(() => ''));
  if (what === undefined) return;
  throw new LocalhostForwardError('LHF_ERR_UNSUPPORTED', {
    what: `A hermetic network would leak names: ${what}`,
    evidence:
      facts.bridgeStands === 'always'
        ? ['Docker 26 asks nobody, and "dns" in /etc/docker/daemon.json names who is asked']
        : [],
    try: facts.bridgeStands === 'always' ? 'docker version' : 'docker context ls',
  });
};
