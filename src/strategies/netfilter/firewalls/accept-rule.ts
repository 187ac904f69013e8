import type { CommandResult } from '../../../command/run.ts';
import { renderMark } from '../../../ownership/names.ts';
import type { Privileges } from '../../../privilege/privileges.ts';

/** A base chain of hook input that drops what we translated. */
export interface InputChain {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
}

/** Whose bridges an accept is for, and by which rights it is put in. */
export interface AcceptOwner {
  readonly nonce: string;
  readonly session: string;
  readonly privileges: Privileges;
}

/**
 * Puts one accept at the head of somebody's chain: only for what comes from bridges of this process and was translated to 127/8.
 * Left over after a crash it would be inert, for its bridges are gone. Returns the reason where it could not be put in.
 */
export const insertAccept = async (chain: InputChain, owner: AcceptOwner): Promise<string | undefined> => {
  const { family, table, chain: name } = chain;
  const result = isIptables(chain)
    ? await iptables(chain, owner, ['-I', name, '1', ...renderIptables(owner)])
    : await owner.privileges.run(['nft', 'insert', 'rule', family, table, name, renderNft(owner)]);
  return reasonOf(result);
};

/** Whether the accept stands in this chain now; nothing but the chain is looked at. */
export const isAcceptIn = async (chain: InputChain, owner: AcceptOwner): Promise<boolean> =>
  isIptables(chain)
    ? (await iptables(chain, owner, ['-C', chain.chain, ...renderIptables(owner)])).exitCode === 0
    : (await listHandles(chain, owner)).length > 0;

/** Takes the accept out of a chain; gone is what was wanted. Returns the reason where it stays. */
export const removeAccept = async (chain: InputChain, owner: AcceptOwner): Promise<string | undefined> => {
  if (isIptables(chain)) {
    const failure = reasonOf(await iptables(chain, owner, ['-D', chain.chain, ...renderIptables(owner)]));
    return failure !== undefined && (await isAcceptIn(chain, owner)) ? failure : undefined;
  }
  const { family, table, chain: name } = chain;
  for (const handle of await listHandles(chain, owner)) {
    const result = await owner.privileges.run(['nft', 'delete', 'rule', family, table, name, 'handle', handle]);
    const failure = reasonOf(result);
    if (failure !== undefined && !/No such file or directory/.test(failure)) return failure;
  }
  return undefined;
};

/** What iptables keeps, whichever firewall writes it: a table with rules that are not its own it would refuse to list. */
const isIptables = ({ family, table, chain }: InputChain): boolean =>
  family === 'ip' && ['filter', 'mangle', 'security'].includes(table) && chain === 'INPUT';

const iptables = (
  { table }: InputChain,
  { privileges }: AcceptOwner,
  what: readonly string[],
): Promise<CommandResult> => privileges.run(['iptables', '-w', '5', '-t', table, ...what]);

const renderIptables = ({ nonce, session }: AcceptOwner): string[] => {
  const translated = `-i lhf-${nonce}+ -d 127.0.0.0/8 -m conntrack --ctstate DNAT`.split(' ');
  return [...translated, '-m', 'comment', '--comment', renderMark(nonce, session), '-j', 'ACCEPT'];
};

const renderNft = ({ nonce, session }: AcceptOwner): string =>
  `iifname "lhf-${nonce}*" ip daddr 127.0.0.0/8 ct status dnat accept comment "${renderMark(nonce, session)}"`;

const listHandles = async ({ family, table, chain }: InputChain, owner: AcceptOwner): Promise<string[]> => {
  const { stdout } = await owner.privileges.run(['nft', '-a', 'list', 'chain', family, table, chain]);
  return parseHandles(stdout, renderMark(owner.nonce, owner.session));
};

/** The handles of rules with a mark in `nft -a list chain`. */
export const parseHandles = (listing: string, mark: string): string[] =>
  listing.split('\n').flatMap((line) => {
    const [, comment, handle] = /^\t\t.* comment "([^"]*)"(?: .*)? # handle (\d+)$/.exec(line) ?? [];
    return comment === mark && handle !== undefined ? [handle] : [];
  });

const reasonOf = ({ exitCode, failure, stderr }: CommandResult): string | undefined =>
  exitCode === 0 ? undefined : (failure ?? stderr.trim());
