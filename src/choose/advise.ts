import { isOlder } from '../host/version.ts';
import { adviceOnIptables, adviceOnNft } from '../privilege/advice.ts';
import type { Facts, Obstacle } from '../strategies/strategy.ts';
import type { Strategy } from '../types.ts';

/**
 * What may help where no strategy works: another engine, rights, or a tool. Pure.
 *
 * @param refusal - Why nobody here may change the kernel: tools would not help then, before that is mended.
 */
export const adviseOn = (facts: Facts, asked: 'auto' | Strategy, refusal?: Obstacle): string =>
  adviceOnPlace(facts, asked) ??
  (takesTools.includes(asked) ? (refusal?.advice ?? adviceOnTools(facts, asked)) : "strategy: 'auto'");

const takesTools: readonly string[] = ['auto', 'nftables', 'iptables'];

const adviceOnPlace = ({ host, engine }: Facts, asked: 'auto' | Strategy): string | undefined => {
  if (engine.vm !== undefined) return "strategy: 'native'";
  if (host.platform !== 'linux' && !engine.remote) return 'docker context ls';
  if (engine.remote) return "strategy: 'tunnel'";
  if (engine.elsewhere === true) return "strategy: 'sidecar'";
  // Another strategy than one that was asked for may well do.
  if (engine.rootless) return asked === 'auto' ? 'docker context use default' : "strategy: 'auto'";
  return undefined;
};

// A kernel or an nft that is too old does not get younger by installing it once more.
const adviceOnTools = ({ host }: Facts, asked: 'auto' | Strategy): string => {
  const mended = asked !== 'iptables' && host.nft === undefined && !isOlder(host.kernel, '5.12');
  if (mended) return adviceOnNft;
  return host.iptables === undefined ? adviceOnIptables : "strategy: 'auto'";
};
