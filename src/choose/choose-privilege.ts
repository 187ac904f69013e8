import { allowContainer, allowSudo, adviceOnIptables, adviceOnNft } from '../privilege/advice.ts';
import { isOlder } from '../host/version.ts';
import { ladderOf, type Rung } from '../privilege/ladder.ts';
import type { PrivilegeHandle } from '../privilege/privileges.ts';
import type { Facts, Obstacle } from '../strategies/strategy.ts';
import type { Privilege } from '../types.ts';
import { refusalOf, type Failed } from './failed.ts';

/** Who may change the kernel here: the first of the ladder who is not known to be refused; or why nobody may. Pure. */
export const choosePrivilege = (
  { host, engine }: Facts,
  asked: 'auto' | Privilege,
  failed: Failed = [],
): Rung | { privilege: undefined; obstacle: Required<Obstacle> } => {
  const refuse = (what: string, advice: string) => ({ privilege: undefined, obstacle: { what, advice } });
  if (asked === 'none') return refuse("privilege 'none' was asked for", "privilege: 'auto'");
  const ladder = ladderOf(host, engine)
    .filter(({ privilege }) => asked === 'auto' || privilege === asked)
    .map((rung) => withFailure(rung, failed));
  const chosen = ladder.find(({ works }) => works);
  const refused = ladder.filter(({ hasFailed }) => hasFailed).map(({ reason }) => reason);
  // What was tried before it is a part of why it was taken.
  if (chosen !== undefined) return { ...chosen, reason: [chosen.reason, ...refused].join('; ') };
  const why = ladder.map(({ reason }) => reason).join(', ');
  // Neither rights nor a user help where there is no program to use them by, but the image may, or a program of this host's own.
  if (host.lent !== undefined && asked !== 'container') {
    const isLent = asked !== 'auto' && host.lent.trouble === undefined;
    return refuse(why, isLent ? "privilege: 'auto'" : isOlder(host.kernel, '5.12') ? adviceOnIptables : adviceOnNft);
  }
  if (host.uid === 0 && !host.netAdmin && asked !== 'container') return refuse(why, allowContainer);
  // To be allowed what is not there helps nobody, and a container of this host's engine would have been taken.
  if (host.hasSudo !== false && (asked === 'auto' || asked === 'sudo')) return refuse(why, allowSudo);
  if (asked === 'auto') return refuse(why, host.uid === 0 ? allowContainer : adviceOnRoot);
  return refuse(why, asked === 'root' ? "privilege: 'auto', or root" : "privilege: 'auto'");
};

const adviceOnRoot = 'run it as root';

const withFailure = (rung: Rung, failed: Failed): Rung & { readonly hasFailed: boolean } => {
  const words = refusalOf(failed, rung.privilege);
  return words === undefined || !rung.works
    ? { ...rung, hasFailed: false }
    : { ...rung, works: false, hasFailed: true, reason: `${rung.reason} was refused: ${words}` };
};

/** What a strategy is given that needs nobody. */
export const nobody: PrivilegeHandle = { kind: 'none' };
