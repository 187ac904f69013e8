import { delay, now } from '../clock.ts';
import { FewAtOnce } from '../engine/few-at-once.ts';
import { interfaceExists } from '../host/kernel.ts';
import type { Stay } from '../lifecycle/words.ts';
import type { DeadSession, LeftoverKind, LeftoverTools } from '../strategies/leftover-kind.ts';
import { containers, engineLanes, networks, type EngineMark } from './engine-kinds.ts';
import { reasonOf } from './look.ts';

/** After how long without any progress it is stuck, in milliseconds: an engine that restarts is back by then. */
const stuckAfterMs = 20_000;
/** For how long after the last progress a network may still appear that the engine was asked for before the death, in milliseconds. */
const lateMs = 5_000;
const lookEveryMs = 300;

/**
 * Removes a dead session's networks and containers: all that the engine lists, and those that it is still making. It goes on as long as
 * it gets anywhere, and tells what stays when it does not.
 */
export const clearEngine = async (session: DeadSession, tools: LeftoverTools): Promise<Stay[]> => {
  const clearing = new EngineClearing(session, tools);
  const done = clearing.run().then(() => [] as Stay[]);
  for (;;) {
    const ended = await Promise.race([done, delay(lookEveryMs)]);
    if (ended !== undefined) return ended;
    clearing.lookAtBridges();
    if (clearing.idleMs > stuckAfterMs) return clearing.stays();
  }
};

class EngineClearing {
  readonly #session: DeadSession;
  readonly #tools: LeftoverTools;
  /** Bridges whose network has not been seen yet. */
  readonly #awaited: Set<string>;
  /** The same of helper containers, which may be of another session of that process. */
  readonly #helpers: Set<string>;
  /** What is there as far as is known, by name, with what was said against its removal. */
  readonly #left = new Map<string, Stay>();
  /** Why the engine's last answer was none. */
  #unanswered: string | undefined = 'the engine does not answer';
  #progressAt = now();
  #bridgesThere = 0;

  constructor(session: DeadSession, tools: LeftoverTools) {
    this.#session = session;
    this.#tools = tools;
    this.#awaited = new Set(session.bridges);
    this.#helpers = new Set(session.helpers);
  }

  /** For how long nothing has got on, in milliseconds. */
  get idleMs(): number {
    return now() - this.#progressAt;
  }

  stays(): Stay[] {
    const why = this.#unanswered ?? 'the engine does not list it, and its bridge is there';
    const unseen = [...this.#awaited].filter((bridge) => this.#unanswered !== undefined || interfaceExists(bridge));
    return [...this.#left.values(), ...unseen.map((bridge) => ({ what: `network ${bridge}`, why }))];
  }

  /** What the engine was asked for before the death it does without us, unseen in its listing: bridges come and go. */
  lookAtBridges(): void {
    const there = this.#session.bridges.filter(interfaceExists).length;
    if (there !== this.#bridgesThere) this.#progress();
    this.#bridgesThere = there;
  }

  /** Ends when nothing is left and nothing more can be expected. */
  async run(): Promise<void> {
    // A probe may be made while its network goes, so that one look that finds nothing is not enough.
    for (let empty = 0; empty < 2 || this.#mayAppear(); await delay(lookEveryMs))
      empty = (await this.#clearOnce()) ? empty + 1 : 0;
  }

  /** One whose bridge was there and is not any more was removed by somebody else. */
  #mayAppear(): boolean {
    const isLate = this.idleMs >= lateMs;
    if (this.#helpers.size > 0 && !isLate) return true;
    return [...this.#awaited].some(
      (bridge) => interfaceExists(bridge) || (!isLate && !this.#session.made.includes(bridge)),
    );
  }

  /** Whether there was nothing. */
  async #clearOnce(): Promise<boolean> {
    try {
      const { session } = this.#session;
      const [probes, helpers, found] = await Promise.all([
        containers.list(this.#tools, session),
        this.#helpers.size === 0 ? [] : containers.list(this.#tools),
        networks.list(this.#tools, session),
      ]);
      const late = helpers.filter(({ name }) => this.#helpers.delete(name));
      if (this.#unanswered !== undefined) this.#progress();
      this.#unanswered = undefined;
      for (const bridge of found.flatMap(({ bridges }) => bridges)) if (this.#awaited.delete(bridge)) this.#progress();
      if (late.length > 0) this.#progress();
      await this.#removeEach(containers, [...probes, ...late]);
      await this.#removeEach(networks, found);
      return probes.length + late.length + found.length === 0;
    } catch (error) {
      this.#unanswered = reasonOf(error);
      return false;
    }
  }

  /** Each that is gone is a step on, so that they are not asked for together. */
  async #removeEach(kind: LeftoverKind<EngineMark>, marks: readonly EngineMark[]): Promise<void> {
    for (const mark of marks) this.#left.set(mark.name, stay(mark, 'its removal does not end'));
    const lanes = new FewAtOnce(engineLanes);
    const removeOne = async (mark: EngineMark): Promise<void> => {
      for (const { failure } of await kind.remove([mark], this.#tools)) {
        if (failure !== undefined) this.#left.set(mark.name, stay(mark, failure));
        else if (this.#left.delete(mark.name)) this.#progress();
      }
    };
    await Promise.all(marks.map((mark) => lanes.run(() => removeOne(mark))));
  }

  #progress(): void {
    this.#progressAt = now();
  }
}

const stay = ({ kind, name }: EngineMark, why: string): Stay => ({ what: `${kind} ${name}`, why });
