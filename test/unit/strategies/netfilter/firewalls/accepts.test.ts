import { describe, expect, it } from 'vitest';
import { parseHandles } from '../../../../../src/strategies/netfilter/firewalls/accept-rule.ts';
import { parsePolicies } from '../../../../../src/strategies/netfilter/firewalls/policies.ts';

const mark = 'lhf:abcde:00000000-00000000-1-1-1-abcde';

// As nft 1.0.6 lists it.
const chain = `table inet fw { # handle 2
	chain in { # handle 2
		type filter hook input priority filter; policy drop;
		iifname "lhf-abcde*" ip daddr 127.0.0.0/8 ct status dnat accept comment "${mark}" # handle 5
		iifname "lhf-abcde*" accept comment "mine" # handle 6
		iifname "lhf-abcdf*" ip daddr 127.0.0.0/8 ct status dnat accept comment "lhf:abcdf:s" # handle 7
		ip saddr 10.0.0.0/8 counter packets 1 bytes 1 accept comment "not ${mark}" # handle 8
	}
}
`;

describe('accepts in the listing of a chain', () => {
  it('are those with the process’s mark', () => {
    expect(parseHandles(chain, mark)).toEqual(['5']);
  });
  it('are none of another process', () => {
    expect(parseHandles(chain, 'lhf:abcde:s')).toEqual([]);
    expect(parseHandles('', mark)).toEqual([]);
  });
});

describe('dropping policies in a listing of chains', () => {
  const chains = `table ip nat {
	chain PREROUTING {
		type nat hook prerouting priority dstnat; policy accept;
	}
}
table ip filter {
	chain INPUT {
		type filter hook input priority filter; policy drop;
	}
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
	}
	chain DOCKER {
	}
}
table ip6 filter {
	chain INPUT {
		type filter hook input priority filter; policy drop;
	}
}
table inet fw {
	chain in {
		type filter hook input priority filter + 10; policy drop;
	}
	chain late {
		type filter hook input priority 300; policy accept;
	}
}
table bridge x {
	chain input {
		type filter hook input priority filter; policy drop;
	}
}
`;
  it('are those of hook input that IPv4 meets', () => {
    expect(parsePolicies(chains)).toEqual([
      { family: 'ip', table: 'filter', chain: 'INPUT' },
      { family: 'inet', table: 'fw', chain: 'in' },
    ]);
    expect(parsePolicies('')).toEqual([]);
  });
});
