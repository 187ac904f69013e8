import type { Engine } from '../engine/engine.ts';
import type { Privileges } from '../privilege/privileges.ts';

/** Something that carries our mark: one thing that a run made. */
export interface Mark {
  readonly kind: 'network' | 'container' | 'rules' | 'guard' | 'accept' | 'sysctl' | 'folder';
  readonly name: string;
  /** The {@link LeftoverKind.name} that found it and removes it. */
  readonly origin: string;
  /** Its owner's nonce, which the names of all its things begin with. */
  readonly nonce: string;
  /** Its owner's session word, where it tells that. */
  readonly session: string | undefined;
  /** The bridges that it serves, as far as it tells them. */
  readonly bridges: readonly string[];
  /** Milliseconds since the epoch, where a label tells it. */
  readonly created?: number;
}

/** What it takes to look for marks and to remove them. */
export interface LeftoverTools {
  /** Undefined where none answers: what an engine keeps is not looked for. */
  readonly engine: (Pick<Engine, 'docker'> & Partial<Pick<Engine, 'owner' | 'facts'>>) | undefined;
  /** Undefined where nobody here may look at rules. */
  readonly privileges: Privileges | undefined;
  /** When to begin nothing more, on `performance.now()`'s clock. Default: never. */
  readonly until?: number;
}

/** What happened to one of them; no failure means that it is gone, whoever removed it. */
export interface Outcome<M extends Mark = Mark> {
  readonly mark: M;
  readonly failure?: string;
  /** Containers of the user's that were attached to a removed network. */
  readonly disconnected?: readonly string[];
}

/** A session that is over, as its guardian knows it. */
export interface DeadSession {
  readonly session: string;
  readonly nonce: string;
  /** The bridges that were open, or on their way. */
  readonly bridges: readonly string[];
  /** Those that were there when it died: they go, and none of them is still to come. */
  readonly made: readonly string[];
  /** Helper containers that the engine was asked for and that did not run yet: none of them ends by itself. */
  readonly helpers?: readonly string[];
}

/** When something goes, low numbers first: what lets packets in before all else, guards when nothing is left to guard. */
export const removalOrder = { sysctl: 0, rules: 1, container: 2, network: 3, guard: 4 } as const;

/** One kind of thing that a run can leave. Sweep, guardian, doctor and traces share the list of kinds. */
export interface LeftoverKind<M extends Mark = Mark> {
  /** What is looked through for it, in the words of a failure: `nftables`. */
  readonly name: string;
  readonly kind: Mark['kind'];
  /** One of {@link removalOrder}. */
  readonly order: number;
  /** Whether it takes rights to leave it, and to find it. Default: true. */
  readonly needsRights?: boolean;
  /**
   * How much listing it costs, told by the occasion: after each opening, the first of a process only, once something dead is known,
   * or only where somebody asked for a sweep.
   */
  readonly listedAt: 'every opening' | 'first opening' | 'a death' | 'a sweep';
  /** Those that are there now; of one session only, where that makes the listing shorter. @throws Error where they cannot be listed */
  list(tools: LeftoverTools, session?: string): Promise<M[]>;
  /** What they tell of themselves beside their names; those that turn out to be a stranger's or gone are left out. */
  read?(marks: readonly M[], tools: LeftoverTools): Promise<M[]>;
  /** What a session has by the names of its own, there or not, so that its guardian needs no listing. */
  named?(session: DeadSession): M[];
  /** What its processes share and none is left in: whoever was to be the last may have been killed on the way out. By name. */
  readonly shared?: {
    /** What is there now. @throws Error where it cannot be listed */
    list(tools: LeftoverTools): Promise<readonly string[]>;
    /** Resolves to what went. */
    remove(tools: LeftoverTools): Promise<readonly string[]>;
  };
  /** All of them in few calls. One's failure keeps no other from going. */
  remove(marks: readonly M[], tools: LeftoverTools): Promise<Outcome<M>[]>;
}
