import { listInterfaces } from '../host/kernel.ts';
import type { Engine } from '../engine/engine.ts';
import { leftoverKinds } from '../leftovers/kinds.ts';
import { look } from '../leftovers/look.ts';
import type { Session } from '../ownership/session.ts';
import type { Privileges } from '../privilege/privileges.ts';
import type { Mark } from '../strategies/leftover-kind.ts';
import type { Trace } from './report.ts';

/**
 * Everything that carries one session's mark now: asked of the engine and of the kernel, and not of what the session believes.
 * A listing that cannot be read would prove nothing, so it throws.
 */
export const listTraces = async (engine: Engine, privileges: Privileges, session: Session): Promise<Trace[]> => {
  const tools = { engine, privileges };
  // Who has no rights can have made no rules, and may not look for any.
  const kinds = leftoverKinds.filter(({ kind }) => privileges.handle.kind !== 'none' || isOfEngine(kind));
  const [{ marks, unseen }, interfaces] = await Promise.all([look(kinds, tools), listInterfaces()]);
  for (const { name, reason } of unseen) throw new Error(`${name} could not be looked through: ${reason}`);
  const { nonce } = session.owner;
  return [
    ...marks
      .filter((mark) => mark.nonce === nonce && mark.kind !== 'sysctl')
      .map((mark) => ({ kind: traceKindOf(mark), name: mark.name })),
    ...interfaces
      .filter((name) => name.startsWith(`lhf-${nonce}`))
      .map((name) => ({ kind: 'interface', name }) as const),
  ];
};

const isOfEngine = (kind: Mark['kind']): kind is 'network' | 'container' => kind === 'network' || kind === 'container';

const traceKindOf = ({ kind, origin }: Mark): Trace['kind'] =>
  isOfEngine(kind) ? kind : origin.startsWith('iptables') ? 'iptables' : 'nftables';
