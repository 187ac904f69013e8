import { parseIptables, parseNft, type HostFacts } from '../host/facts.ts';
import { toolsImage } from '../host/tools-image.ts';
import type { EngineFacts } from '../engine/facts.ts';
import { containerPrivileges } from './container.ts';
import { obstacleToContainer } from './ladder.ts';
import type { RightsEngine } from './rights-container.ts';

/** What each engine's copy of an image has, asked once per process. */
const known = new Map<string, Promise<NonNullable<HostFacts['lent']>>>();

/**
 * What this machine is and has, with the tools of the image that the user names where it has none of its own. No container is started
 * otherwise, nor on an engine whose containers could not change this host's kernel.
 */
export const lendTools = async (
  host: HostFacts,
  engine: RightsEngine & { readonly facts: EngineFacts },
): Promise<HostFacts> => {
  const image = toolsImage();
  if (image === undefined || obstacleToContainer(host, engine.facts) !== undefined) return host;
  const key = `${engine.facts.endpoint} ${image}`;
  const asking = known.get(key) ?? ask(image, engine);
  known.set(key, asking);
  const lent = await asking;
  // It may be pulled or mended in a moment.
  if (lent.trouble !== undefined) known.delete(key);
  return { ...host, nft: lent.nft, iptables: lent.iptables, lent };
};

const ask = async (image: string, engine: RightsEngine): Promise<NonNullable<HostFacts['lent']>> => {
  const privileges = containerPrivileges(engine);
  const [nft, iptables] = await Promise.all([privileges.run(['nft', '-V']), privileges.run(['iptables', '-V'])]);
  const found = { image, nft: parseNft(nft), iptables: parseIptables(iptables) };
  if (found.nft !== undefined || found.iptables !== undefined) return found;
  const trouble = [nft, iptables].map(({ command, failure, stderr }) => failure ?? `${command}: ${stderr.trim()}`);
  return { ...found, trouble: trouble[0] ?? '' };
};
