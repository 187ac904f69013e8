import { describe, expect, it } from 'vitest';
import { parseAccepts } from '../../../../src/strategies/netfilter/accepts.ts';
import { parsePolicies } from '../../../../src/strategies/netfilter/policies.ts';

// As nft 1.0.6 lists them.
const ruleset = `table ip filter { # handle 1
	chain INPUT { # handle 1
		type filter hook input priority filter; policy drop;
		iifname "lhf-abcdefgh" ip daddr 127.0.0.0/8 ct state dnat  counter packets 0 bytes 0 accept comment "lhf:lhf-abcdefgh:s" # handle 7
	}
}
table inet fw { # handle 2
	comment "lhf:lhf-abcdefgh:s is no rule"
	chain other { # handle 1
		iifname "lhf-zzzzzzzz" accept comment "lhf:lhf-zzzzzzzz:s" # handle 4
	}

	chain in { # handle 2
		type filter hook input priority filter; policy drop;
		iifname "lhf-abcdefgh" ip daddr 127.0.0.0/8 ct status dnat accept comment "lhf:lhf-abcdefgh:s" # handle 5
		iifname "lhf-abcdefgh" accept comment "mine" # handle 6
	}
}
`;

describe('accepts in a listing', () => {
  it('are those with the bridge’s mark, wherever they stand', () => {
    expect(parseAccepts(ruleset, 'lhf-abcdefgh')).toEqual([
      { family: 'ip', table: 'filter', chain: 'INPUT', handle: '7' },
      { family: 'inet', table: 'fw', chain: 'in', handle: '5' },
    ]);
  });
  it('are none of another bridge whose name begins so', () => {
    expect(parseAccepts(ruleset, 'lhf-abcdefg')).toEqual([]);
    expect(parseAccepts('', 'lhf-abcdefgh')).toEqual([]);
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
