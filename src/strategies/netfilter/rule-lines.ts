/*
 * A comment of somebody's rule may hold ends of lines: what follows one looks like a rule of its own in iptables' listings, and would be
 * one in what we give to iptables-restore.
 */

/** Quoted words whole, with what they escape. */
const isBalanced = (text: string): boolean => /^(?:[^"]|"(?:[^"\\]|\\.)*")*$/s.test(text);

/** The lines of a listing that are one each, whatever is written in the comments of others. */
export const wholeLinesIn = (listing: string): string[] => {
  const lines: string[] = [];
  let open: string | undefined;
  for (const line of listing.split('\n')) {
    const whole: string = open === undefined ? line : `${open}\n${line}`;
    if (isBalanced(whole)) {
      if (open === undefined) lines.push(line);
      open = undefined;
    } else open = whole;
  }
  return lines;
};

// One letter, so that no option hides behind another, and none that names a program to load modules by. What has colons is quoted.
const option = String.raw`-[A-LN-Za-z]|--(?!mo(?:d(?:p[a-z]*)?)?(?: |$))[a-z][a-z0-9-]*`;
const plain = new RegExp(String.raw`^-A [\w-]+(?: (?:!|${option}|[\w@][\w./:,+@%-]*|"[\w@][\w ./:,+@%-]*"))*$`);

/** The rules of a listing, `-A <chain> …`, that are of words which mean to iptables-restore what they mean here. */
export const plainRulesIn = (listing: string): string[] => wholeLinesIn(listing).filter((line) => plain.test(line));

/** The comment of a rule. */
export const commentOf = (rule: string): string => / --comment "([^"]*)"(?: |$)/.exec(rule)?.[1] ?? '';
