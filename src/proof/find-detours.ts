import { findRuleFor, markOf, readRules, readWay, type Packet } from '../host/routes.ts';
import type { ProofContext } from './context.ts';
import type { Detour, Evidence } from './evidence.ts';

/**
 * What comes back from a service has to go out by the network's bridge, whichever table says so first: as its own packets are told to go,
 * and as they would be with a mark that a rule of this host wants.
 */
export const findDetours = async (context: ProofContext): Promise<Pick<Evidence, 'detour' | 'detourByMark'>> => {
  const packet = { to: context.network.probeAddress, from: senderOf(context) };
  const detour = await findDetour(context, packet);
  if (detour !== undefined) return { detour };
  const marks = (await readRules()).flatMap((rule) => markOf(rule) ?? []);
  for (const mark of new Set(marks)) {
    const detourByMark = await findDetour(context, { ...packet, mark });
    if (detourByMark !== undefined) return { detourByMark };
  }
  return {};
};

const findDetour = async ({ names, network }: ProofContext, packet: Packet): Promise<Detour | undefined> => {
  const way = await readWay(packet);
  if (way === undefined || way.dev === names.bridge) return undefined;
  // What 127.0.0.1 sends goes out by no interface but the bridge: where it is led instead, only the way of any other sender tells.
  const plain = way.dev === undefined ? await readWay({ ...packet, from: undefined }) : way;
  const isBySender = plain?.dev === names.bridge;
  const { dev, by } = plain?.dev === undefined || isBySender ? way : plain;
  if (by === 'main') return undefined;
  const rule = await findRuleFor(packet);
  if (isBySender && !/^(?:not )?from (?!all\b)/.test(rule?.text ?? '')) return undefined;
  return dev === undefined && rule === undefined ? undefined : { subnet: network.subnet, dev, by, rule };
};

/** Whom an answer comes from while its way is decided: by netfilter its sender is translated after that. */
const senderOf = ({ strategy, address, network }: ProofContext): string | undefined => {
  if (strategy === 'nftables' || strategy === 'iptables') return '127.0.0.1';
  return strategy === 'relay' && address === network.gateway ? address : undefined;
};
