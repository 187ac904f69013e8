import type { Privileges } from '../privilege/privileges.ts';

/** What could stand in the way of packets to this host, as its own tools list it. */
export interface FirewallFacts {
  readonly ufw: boolean;
  readonly firewalld: boolean;
  /** Base chains of hook input that drop by policy, such as `ip filter INPUT`. */
  readonly droppingPolicies: readonly string[];
}

/** Reads and changes nothing. */
export const readFirewall = async (privileges: Privileges): Promise<FirewallFacts> => {
  const [chains, saved] = await Promise.all([
    privileges.run(['nft', 'list', 'chains']),
    privileges.run(['iptables-save', '-t', 'filter']),
  ]);
  const byNft = parseDroppingChains(chains.stdout);
  const byIptables = /^:INPUT DROP/m.test(saved.stdout) ? ['ip filter INPUT'] : [];
  return {
    ufw: /^:ufw-|^-A INPUT -j ufw-/m.test(saved.stdout),
    // Its own table, or the chains that it makes where iptables is its backend.
    firewalld: /^table inet firewalld/m.test(chains.stdout) || /^:INPUT_(?:ZONES|direct) /m.test(saved.stdout),
    droppingPolicies: [...new Set([...byNft, ...byIptables])],
  };
};

/** Base chains of hook input with policy drop in `nft list chains`. */
export const parseDroppingChains = (listing: string): string[] => {
  let table = '';
  let chain = '';
  return listing.split('\n').flatMap((line) => {
    table = /^table (\S+ \S+) \{/.exec(line)?.[1] ?? table;
    chain = /^\s*chain (\S+) \{/.exec(line)?.[1] ?? chain;
    return /hook input .*policy drop/.test(line) ? [`${table} ${chain}`] : [];
  });
};
