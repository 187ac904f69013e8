/**
 * All programs that run with the rights to change the kernel: as root, by `sudo`, or in our helper container. The shell programs in
 * `src/programs` run these, and no others, by `lhf_as_root`.
 */
export const rootPrograms = ['nft', 'iptables', 'iptables-save', 'iptables-restore', 'tee', 'conntrack', 'tc'] as const;

export type RootProgram = (typeof rootPrograms)[number];

/** A call of one of them; its arguments are passed as they are. */
export type RootArgv = readonly [program: RootProgram, ...args: string[]];

const ours = 'lhf-[0-9a-z]+';
/** Words that are neither options nor paths. */
const words = '( [A-Za-z0-9_.][^ /]*)*';
const conf = '/proc/sys/net/ipv4/conf';
const parameter = `(${conf}/${ours}/(route_localnet|accept_source_route)|${conf}/default/route_localnet|/proc/sys/net/ipv6/conf/${ours}/disable_ipv6)`;
const address = '[0-9][0-9./]*';

/** What each is called with: extended regular expressions, without the characters that sudoers has a meaning for. */
const callsOf: Readonly<Record<RootProgram, readonly string[]>> = {
  nft: [
    '-V',
    '(-a )?-i',
    '-i -c',
    '-f -',
    `(-a )?list${words}`,
    'monitor (trace|destroy rules)',
    'delete table (ip|bridge) lhf_hops_[0-9a-z]+',
    `delete rule${words}`,
    `insert rule${words} iifname .lhf-[0-9a-z]+[*]. ip daddr 127.0.0.0/8 ct status dnat accept comment .lhf.[0-9a-z.-]+.`,
  ],
  iptables: [
    '-V',
    '-w 5 (-t (filter|mangle|security) )?-S INPUT',
    '-w 5 -t (nat|raw) (-v )?-S [A-Za-z0-9-]+',
    `-w 5 -t (filter|mangle|security) (-I INPUT 1|-C INPUT|-D INPUT) -i ${ours}[+] -d 127.0.0.0/8 -m conntrack --ctstate DNAT -m comment --comment lhf.[0-9a-z.-]+.[0-9a-z-]+ -j ACCEPT`,
  ],
  'iptables-save': ['-t (nat|raw|filter)'],
  'iptables-restore': ['-w 5 --noflush( -v| --test)?'],
  tee: [`${parameter}( ${parameter})*`],
  conntrack: [
    `-D -p (tcp|udp) --orig-src ${address} --orig-port-dst [0-9]+ --reply-src 127.0.0.1 --reply-port-src [0-9]+`,
  ],
  tc: [`(qdisc|class) (add|replace|del) dev ${ours}${words}`],
};

/** The words of sudoers that the last part of a rule may not have. */
const specials = /[,:=\\#!"]/;

/**
 * Lines of sudoers, for sudo 1.9.10 or later, which let a user run what this package runs as root, and nothing else.
 *
 * @param user - Its name.
 * @param pathOf - A program's absolute path; one that is not there is left out.
 *
 * @example
 * renderSudoers('ci', (program) => `/usr/sbin/${program}`);
 */
export const renderSudoers = (user: string, pathOf: (program: RootProgram) => string | undefined): string => {
  const lines = rootPrograms.flatMap((program) => {
    const path = pathOf(program);
    return path === undefined ? [] : callsOf[program].map((call) => `${user} ALL=(root) NOPASSWD: ${path} ^${call}$`);
  });
  const unfit = Object.values(callsOf)
    .flat()
    .find((call) => specials.test(call));
  if (unfit !== undefined) throw new Error(`sudoers would read ${unfit} otherwise`);
  return [`Defaults:${user} !requiretty`, ...lines, ''].join('\n');
};
