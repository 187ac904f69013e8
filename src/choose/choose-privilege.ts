import type { HostFacts } from '../host/facts.ts';
import { allowContainer, allowSudo } from '../privilege/advice.ts';
import type { PrivilegeHandle } from '../privilege/privileges.ts';
import type { Obstacle } from '../strategies/strategy.ts';
import type { Privilege } from '../types.ts';

/** Who may change the kernel here, or why nobody may. Pure. */
export const choosePrivilege = (
  host: HostFacts,
  asked: 'auto' | Privilege,
): { kind: 'root' | 'sudo' } | { kind: undefined; obstacle: Required<Obstacle> } => {
  const refuse = (what: string, advice: string) => ({ kind: undefined, obstacle: { what, advice } });
  if (asked === 'none') return refuse("privilege 'none' was asked for", "privilege: 'auto'");
  if (asked === 'container') {
    return refuse(`privilege '${asked}' cannot install rules in this version`, "privilege: 'auto'");
  }
  if (asked !== 'sudo' && host.uid === 0 && host.netAdmin) return { kind: 'root' };
  // What root lacks, its sudo lacks too.
  if (host.sudo && (asked === 'sudo' || (asked === 'auto' && host.uid !== 0))) return { kind: 'sudo' };
  const sudo = 'sudo -n does not work for this user';
  if (asked === 'sudo') return refuse(sudo, allowSudo);
  if (host.uid === 0) return refuse('root here lacks CAP_NET_ADMIN', allowContainer);
  return asked === 'root'
    ? refuse('this user is not root', "privilege: 'auto', or root")
    : refuse(`this user is not root, and ${sudo}`, allowSudo);
};

/** What a strategy is given that needs nobody. */
export const nobody: PrivilegeHandle = { kind: 'none' };
