import { run } from '../../command/run.ts';
import { renderMark } from '../../ownership/names.ts';
import type { Privileges } from '../../privilege/privileges.ts';
import type { Place } from '../packets.ts';
import type { FirewallPass, Tools } from '../strategy.ts';
import { listDroppingPolicies } from './policies.ts';
import { iptablesFunctions } from './iptables/program.ts';

/** A base chain of hook input that drops what we translated. */
export interface InputChain {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
}

/** The accepts of one bridge in other people's chains. */
export class Accepts implements FirewallPass {
  readonly #bridge: string;
  readonly #tools: Tools;
  #mayBeIn = false;

  constructor(bridge: string, tools: Tools) {
    this.#bridge = bridge;
    this.#tools = tools;
  }

  passDrop(drop: Place | undefined): ReturnType<FirewallPass['passDrop']> {
    // The trace does not see rules of iptables' legacy kind; a chain INPUT is where those would stand.
    const chain =
      drop === undefined
        ? { family: 'ip', table: 'filter', chain: 'INPUT' }
        : { family: drop.family, table: drop.table, chain: drop.baseChain };
    return this.#pass(
      chain,
      drop === undefined ? '' : `, before ${drop.family} ${drop.table} ${drop.chain}: ${drop.rule}`,
    );
  }

  async passPolicies(): Promise<string[]> {
    const done: string[] = [];
    for (const chain of await listDroppingPolicies(this.#tools.privileges)) {
      // One that cannot be passed is found by the first proof.
      const outcome = await this.#pass(chain, ', before its policy drop');
      if ('done' in outcome) done.push(outcome.done);
    }
    return done;
  }

  /** Takes out all of them. */
  async remove(): Promise<void> {
    if (!this.#mayBeIn) return;
    await removeAccepts(this.#bridge, this.#tools.privileges);
    this.#mayBeIn = false;
  }

  async #pass(chain: InputChain, what: string): ReturnType<FirewallPass['passDrop']> {
    // Remembered before it is done: killed in between, it is the sweep's; failing in between, it is ours.
    this.#mayBeIn = true;
    const failure = await insertAccept(chain, this.#bridge, this.#tools.session.word, this.#tools.privileges);
    const done = `an accept for ${this.#bridge} in ${chain.family} ${chain.table} ${chain.chain}${what}`;
    return failure === undefined ? { done } : { failure };
  }
}

/**
 * Puts one accept at the head of somebody's chain: only for what comes from this bridge and was translated to 127/8.
 * Left over after a crash it would be inert, for its bridge is gone. Returns the reason where it could not be put in.
 */
const insertAccept = async (
  chain: InputChain,
  bridge: string,
  session: string,
  privileges: Privileges,
): Promise<string | undefined> => {
  const mark = renderMark(bridge, session);
  const { exitCode, stderr, failure } = isIptables(chain)
    ? await applyByIptables(renderIptablesAccept(chain, bridge, mark), privileges)
    : await privileges.run([
        'nft',
        'insert',
        'rule',
        chain.family,
        chain.table,
        chain.chain,
        `iifname "${bridge}" ip daddr 127.0.0.0/8 ct status dnat accept comment "${mark}"`,
      ]);
  return exitCode === 0 ? undefined : (failure ?? stderr.trim());
};

const renderIptablesAccept = ({ table, chain }: InputChain, bridge: string, mark: string): string =>
  [
    `*${table}`,
    `-I ${chain} 1 -i ${bridge} -d 127.0.0.0/8 -m conntrack --ctstate DNAT -m comment --comment "${mark}" -j ACCEPT`,
    'COMMIT',
    '',
  ].join('\n');

/** Takes out every accept with a bridge's mark, wherever it stands; gone is what was wanted. */
const removeAccepts = async (bridge: string, privileges: Privileges): Promise<void> => {
  const failures = [await removeByIptables(bridge, privileges), ...(await removeByNft(bridge, privileges))].filter(
    (failure) => failure !== undefined,
  );
  if (failures.length > 0) throw new Error(failures.join('; '));
};

const iptablesTables = ['filter', 'mangle', 'security'];

/** What iptables keeps, whichever firewall writes it: a table with rules that are not its own it would refuse to list. */
const isIptables = ({ family, table, chain }: InputChain): boolean =>
  family === 'ip' && iptablesTables.includes(table) && chain === 'INPUT';

const applyByIptables = (lines: string, { prefix }: Privileges): ReturnType<typeof run> =>
  run(['sh', '-c', `${iptablesFunctions}SUDO=$1; lhf_apply "$2"`, 'lhf-accepts', prefix.join(' '), lines]);

const removeByIptables = async (bridge: string, { prefix }: Privileges): Promise<string | undefined> => {
  const program = `${iptablesFunctions}SUDO=$1; shift; command -v iptables-save > /dev/null || exit 0; lhf_remove "$@"`;
  const { exitCode, stderr, failure } = await run([
    'sh',
    '-c',
    program,
    'lhf-accepts',
    prefix.join(' '),
    bridge,
    ...iptablesTables,
  ]);
  return exitCode === 0 ? undefined : (failure ?? stderr.trim());
};

const removeByNft = async (bridge: string, privileges: Privileges): Promise<(string | undefined)[]> => {
  const { stdout } = await privileges.run(['nft', '-a', 'list', 'ruleset']);
  const failures: (string | undefined)[] = [];
  for (const { family, table, chain, handle } of parseAccepts(stdout, bridge)) {
    // One after the other: each is its own transaction, and one that is gone must not keep the rest.
    const { exitCode, stderr, failure } = await privileges.run([
      'nft',
      'delete',
      'rule',
      family,
      table,
      chain,
      'handle',
      handle,
    ]);
    if (exitCode !== 0 && !/No such file or directory/.test(stderr)) failures.push(failure ?? stderr.trim());
  }
  return failures;
};

/** The places of a bridge's accepts in `nft -a list ruleset`. */
export const parseAccepts = (
  listing: string,
  bridge: string,
): { family: string; table: string; chain: string; handle: string }[] => {
  let [family, table, chain] = ['', '', ''];
  return listing.split('\n').flatMap((line) => {
    const opened = /^table (\S+) (\S+) \{/.exec(line);
    if (opened !== null) [, family = '', table = ''] = opened;
    chain = /^\tchain (\S+) \{/.exec(line)?.[1] ?? chain;
    const handle =
      line.includes(`comment "lhf:${bridge}:`) && line.startsWith('\t\t')
        ? /# handle (\d+)$/.exec(line)?.[1]
        : undefined;
    return handle === undefined ? [] : [{ family, table, chain, handle }];
  });
};
