import type { Evidence } from './evidence.ts';
import type { Drop } from './trace.ts';

/** Where a packet was dropped, and by what. */
export const renderDrop = ({ family, table, chain, rule }: Drop): string => `${family} ${table} ${chain}: ${rule}`;

/** The command that lets our packets through the chain that dropped them, at the head of it. */
export const renderPassCommand = (
  { bridge, drops: [drop] }: Evidence,
  hook: 'prerouting' | 'input' | 'output',
): string => {
  const { family, table, baseChain } = drop ?? { family: 'ip', table: 'filter', baseChain: hook.toUpperCase() };
  const side = hook === 'output' ? 'o' : 'i';
  if (family === 'ip' && ['raw', 'mangle', 'nat', 'filter'].includes(table)) {
    const which = { prerouting: '', input: ' -d 127.0.0.0/8 -m conntrack --ctstate DNAT', output: '' }[hook];
    return `sudo iptables -t ${table} -I ${baseChain} 1 -${side} ${bridge}${which} -j ACCEPT`;
  }
  const which = { prerouting: '', input: ' ip daddr 127.0.0.0/8 ct status dnat', output: '' }[hook];
  return `sudo nft insert rule ${family} ${table} ${baseChain} ${side}ifname ${bridge}${which} accept`;
};
