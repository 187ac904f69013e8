import { sharedIn, type Session } from '../../../ownership/session.ts';
import type { Place } from '../../packets.ts';
import type { FirewallPass, Tools } from '../../strategy.ts';
import { insertAccept, isAcceptIn, removeAccept, type AcceptOwner, type InputChain } from './accept-rule.ts';
import { listDroppingPolicies } from './policies.ts';

/** The accepts of one forward: each is shared by all forwards of the process that need it, and goes with the last of them. */
export class Accepts implements FirewallPass {
  readonly #bridge: string;
  readonly #tools: Tools;
  readonly #shared: SharedAccepts;

  constructor(bridge: string, tools: Tools) {
    this.#bridge = bridge;
    this.#tools = tools;
    this.#shared = sharedIn(tools.session, 'accepts', () => new SharedAccepts(tools));
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

  /** Takes out those that no other forward needs. */
  remove(): Promise<void> {
    return this.#shared.release(this.#bridge);
  }

  async #pass(chain: InputChain, what: string): ReturnType<FirewallPass['passDrop']> {
    const failure = await this.#shared.acquire(chain, this.#bridge);
    const done = `an accept for ${this.#bridge} in ${chain.family} ${chain.table} ${chain.chain}${what}`;
    return failure === undefined ? { done } : { failure };
  }
}

interface SharedAccept {
  readonly chain: InputChain;
  /** The forwards that need it, by their bridges. */
  readonly users: Set<string>;
}

/** One accept for a process in each chain that drops what its forwards translated. */
class SharedAccepts {
  readonly #owner: AcceptOwner;
  readonly #accepts = new Map<string, SharedAccept>();
  // One change after the other: two forwards that meet the same firewall put in one accept.
  #changes: Promise<unknown> = Promise.resolve();

  constructor({ session, privileges }: Pick<Tools, 'privileges'> & { readonly session: Session }) {
    this.#owner = { nonce: session.owner.nonce, session: session.word, privileges };
  }

  /** The returned text is the reason where it could not be put in. */
  acquire(chain: InputChain, bridge: string): Promise<string | undefined> {
    return this.#inTurn(async () => {
      const key = `${chain.family} ${chain.table} ${chain.chain}`;
      const accept = this.#accepts.get(key) ?? { chain, users: new Set() };
      const isKnown = this.#accepts.has(key);
      // Remembered before it is done: killed in between, it is the sweep's; failing in between, it is ours.
      this.#accepts.set(key, accept);
      accept.users.add(bridge);
      // A firewall that was loaded anew since has taken it along.
      if (isKnown && (await isAcceptIn(chain, this.#owner))) return undefined;
      return insertAccept(chain, this.#owner);
    });
  }

  release(bridge: string): Promise<void> {
    return this.#inTurn(async () => {
      const failures: string[] = [];
      for (const [key, { chain, users }] of this.#accepts) {
        if (!users.has(bridge)) continue;
        if (users.size === 1) {
          const failure = await removeAccept(chain, this.#owner);
          if (failure !== undefined) {
            failures.push(failure);
            continue;
          }
          this.#accepts.delete(key);
        }
        users.delete(bridge);
      }
      if (failures.length > 0) throw new Error(failures.join('; '));
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#changes.then(work);
    this.#changes = done.catch(() => undefined);
    return done;
  }
}
