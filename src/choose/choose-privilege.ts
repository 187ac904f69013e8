import { allowContainer, allowSudo } from '../privilege/advice.ts';
import { firstRung, ladderOf, type Rung } from '../privilege/ladder.ts';
import type { PrivilegeHandle } from '../privilege/privileges.ts';
import type { Facts, Obstacle } from '../strategies/strategy.ts';
import type { Privilege } from '../types.ts';

/** Who may change the kernel here, or why nobody may. Pure. */
export const choosePrivilege = (
  { host, engine }: Facts,
  asked: 'auto' | Privilege,
): Rung | { privilege: undefined; obstacle: Required<Obstacle> } => {
  const refuse = (what: string, advice: string) => ({ privilege: undefined, obstacle: { what, advice } });
  if (asked === 'none') return refuse("privilege 'none' was asked for", "privilege: 'auto'");
  const ladder = ladderOf(host, engine);
  const rung = asked === 'auto' ? firstRung(host, engine) : ladder.find(({ privilege }) => privilege === asked);
  if (rung?.works === true) return rung;
  const why = asked === 'auto' ? ladder.map(({ reason }) => reason).join(', ') : (rung?.reason ?? '');
  if (host.uid === 0 && !host.netAdmin && asked !== 'container') return refuse(why, allowContainer);
  if (asked === 'auto' || asked === 'sudo') return refuse(why, allowSudo);
  return refuse(why, asked === 'root' ? "privilege: 'auto', or root" : "privilege: 'auto'");
};

/** What a strategy is given that needs nobody. */
export const nobody: PrivilegeHandle = { kind: 'none' };
