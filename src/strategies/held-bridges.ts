import { debug } from '../command/debug.ts';
import { readShellPrograms } from '../command/shell-program.ts';
import { Holder, type AnswerReader, type HolderOwner } from '../lifecycle/holder.ts';
import { KeptHolder } from '../lifecycle/kept-holder.ts';
import { privilegesOf } from '../privilege/privileges.ts';
import type { NoteHelper } from '../privilege/rights-container.ts';
import { sharedIn } from '../ownership/session.ts';
import { holderOwnerOf } from './holder-owner.ts';
import type { RoutePlan, Tools } from './strategy.ts';

/** The names of a session's bridges, with a holder whose guardian removes their networks when the process is gone. */
export const heldBridgesOf = (tools: Tools): Pick<HeldBridges, 'note' | 'forget'> =>
  sharedIn(tools.session, 'bridges', () => {
    const { privileges, told } = tools;
    // It changes nothing of the host's.
    if (told !== undefined) return { note: async () => undefined, forget: async () => undefined };
    // It changes nothing itself: what the guardian does, it does by the rights of the session.
    return new HeldBridges({ ...holderOwnerOf(tools), privileges: privilegesOf(nobody), guardian: privileges.handle });
  });

const nobody = { kind: 'none' } as const;

/** Notes a bridge before its network is made. Resolves to what is called when the network has gone. */
export const noteBridge = async (
  { names, onSent }: Pick<RoutePlan, 'names' | 'onSent'>,
  tools: Tools,
): Promise<() => Promise<void>> => {
  const held = heldBridgesOf(tools);
  const noted = held.note(names.bridge);
  onSent();
  await noted;
  return () => held.forget(names.bridge);
};

/** The same of a helper container by which this session changes the kernel. */
export const noteHelper =
  (tools: Tools): NoteHelper =>
  (name) => {
    const held = heldBridgesOf(tools);
    void held.note(name);
    return () => void held.forget(name);
  };

class HeldBridges {
  readonly #owner: HolderOwner;
  readonly #open = new Set<string>();
  readonly #holder: KeptHolder<Holder> = new KeptHolder(() => this.#start());

  constructor(owner: HolderOwner) {
    this.#owner = owner;
  }

  /** The request is on its way when this returns. Never rejects: without a holder, an opening or a sweep finds the network. */
  async note(bridge: string): Promise<void> {
    this.#holder.acquire();
    this.#open.add(bridge);
    await this.#tell();
  }

  async forget(bridge: string): Promise<void> {
    if (!this.#open.delete(bridge)) return;
    await this.#tell();
    this.#holder.release();
  }

  async #tell(): Promise<void> {
    try {
      await this.#holder.current.ask(`${[...this.#open].join(' ')}\n`, readAnswer);
    } catch (error) {
      debug(`nobody notes ${[...this.#open].join(', ')}: ${String(error)}`);
    }
  }

  #start(): Holder {
    const holder = new Holder({
      ...this.#owner,
      program: readShellPrograms('hold-bridges'),
      onLost: () => {
        if (this.#open.size > 0 && holder.hasAnswered) void this.#tell();
      },
    });
    return holder;
  }
}

const answer = 'lhf-noted\n';

const readAnswer: AnswerReader<true> = (received) => {
  const at = received.indexOf(answer);
  return at < 0 ? undefined : { answer: true, rest: received.slice(at + answer.length) };
};
