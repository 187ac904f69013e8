import type { AnswerReader } from '../../../lifecycle/holder.ts';

export interface NftAnswer {
  /** What nft had to say against the commands: nothing where all of them are in. */
  readonly refusal: string;
  /** Whether nft cannot work at all, and answers nothing more in order. */
  readonly isBroken: boolean;
}

/**
 * A request of `nft -i`, with the reader of its answer. nft says nothing to what it has done, so a line that it cannot parse follows:
 * its complaint, caret line included, ends the answer. It asks the kernel nothing, while a listing begins anew whenever anybody changes
 * a rule meanwhile. Before the first request stands the listing of a table that cannot exist: it tells whether nft can work at all, and its
 * answer is thrown away with all that sudo and nft's line editor had to say at their start.
 */
export const renderRequest = (
  commands: string,
  token: string,
  { isFirst }: { isFirst: boolean },
): { request: string; read: AnswerReader<NftAnswer> } => ({
  request: `${isFirst ? `${startOf(token)}\n` : ''}${commands}\n${token}\n`,
  read: (received) => {
    const started = isFirst ? splitAt(received, startOf(token)) : { rest: received };
    if (started === undefined) {
      const [broken] = /^netlink: Error: cache initialization failed.*$/m.exec(received) ?? [];
      return broken === undefined ? undefined : { answer: { refusal: broken, isBroken: true }, rest: '' };
    }
    const found = splitAt(started.rest, token);
    return found && { answer: { refusal: refusalIn(found.before), isBroken: false }, rest: found.rest };
  },
});

const startOf = (token: string): string => `list table ip ${token}_start`;

/** What stands before and after the complaint about a line. */
const splitAt = (received: string, line: string): { before: string; rest: string } | undefined => {
  const at = received.indexOf(`\n${line}\n`);
  const end = at < 0 ? -1 : received.indexOf('^\n', at);
  if (end < 0) return undefined;
  const complaint = received.lastIndexOf('\n', received.lastIndexOf('Error:', at)) + 1;
  return { before: received.slice(0, complaint), rest: received.slice(end + 2) };
};

const refusalIn = (said: string): string => {
  const lines = said.trim().split('\n');
  // `Error: …`, or `netlink: Error: …`, and where it stands in the input.
  const first = lines.findIndex((line) => /(?:^|: )Error: /.test(line));
  if (first >= 0) return lines.slice(first).join('\n');
  // Words that we do not know are taken for a refusal: better none of our rules than one without its guard.
  return lines.some((line) => /(?:^|: )Warning: /.test(line)) ? '' : lines.join('\n');
};

/** An ended nft's last words, without those that a request of ours made it say. */
export const lastWordsIn = (said: string): string =>
  said.replaceAll(/^.*Error: .*\n(?:list table ip )?sync_\w+\n *\^+\n?/gm, '').trim() || 'nft ended';
