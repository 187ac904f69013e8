import type { Evidence } from './evidence.ts';
import type { Place } from '../strategies/packets.ts';

/** A name that somebody else chose, as one word of a shell. */
const wordOf = (name: string): string =>
  /^[\w./:-]+$/.test(name) ? name : `'${name.replaceAll("'", String.raw`'\''`)}'`;

/** Where a packet was dropped or taken, and by what. */
export const renderPlace = ({ family, table, chain, rule }: Place): string => `${family} ${table} ${chain}: ${rule}`;

/** The command that lets our packets through the chain that dropped them, at the head of it. */
export const renderPassCommand = (
  { bridge, subnet, drops: [drop] }: Pick<Evidence, 'bridge' | 'subnet' | 'drops'>,
  hook: 'prerouting' | 'input' | 'output',
): string => {
  // Before the input hook there are several chains that it may be, and none that is there for sure.
  if (drop === undefined && hook === 'prerouting')
    return `look for what drops packets from ${bridge}, and let them pass: sudo nft list ruleset`;
  const { family, table, baseChain } = drop ?? { family: 'ip', table: 'filter', baseChain: hook.toUpperCase() };
  const side = hook === 'output' ? 'o' : 'i';
  if (family === 'ip' && ['raw', 'mangle', 'nat', 'filter'].includes(table)) {
    const which = { prerouting: '', input: ' -d 127.0.0.0/8 -m conntrack --ctstate DNAT', output: '' }[hook];
    return `sudo iptables -t ${table} -I ${wordOf(baseChain)} 1 -${side} ${bridge}${which} -j ACCEPT`;
  }
  const which = { prerouting: '', input: ' ip daddr 127.0.0.0/8 ct status dnat', output: '' }[hook];
  // Interfaces are the bridge's ports in there, and what names the bridge itself is in no kernel for sure.
  if (family === 'bridge')
    return `sudo nft insert rule bridge ${wordOf(table)} ${wordOf(baseChain)} ip ${side === 'o' ? 'd' : 's'}addr ${subnet} accept`;
  return `sudo nft insert rule ${wordOf(family)} ${wordOf(table)} ${wordOf(baseChain)} ${side}ifname ${bridge}${which} accept`;
};

/** The command by which our packets pass a chain that takes them, so that they come to our own rule. */
export const renderYieldCommand = (
  { bridge, ownChain }: Pick<Evidence, 'bridge' | 'ownChain'>,
  { family, table, baseChain }: Place,
): string => {
  if (family !== 'ip' || !['mangle', 'nat'].includes(table) || baseChain !== 'PREROUTING')
    return `sudo nft insert rule ${wordOf(family)} ${wordOf(table)} ${wordOf(baseChain)} iifname ${bridge} accept`;
  // Where our own rules stand in the same chain, they come first: a second way to them, known by its mark and removed as the first is.
  return table === 'nat' && ownChain !== undefined
    ? `sudo iptables -t nat -I PREROUTING 1 -i ${bridge} -m addrtype --dst-type LOCAL -m comment --comment lhf:${bridge} -j ${ownChain}`
    : `sudo iptables -t ${table} -I PREROUTING 1 -i ${bridge} -j ACCEPT`;
};
