import type Docker from 'dockerode';
import { now, within } from '../clock.ts';
import { debug } from '../command/debug.ts';
import { commandEnvironment } from '../command/start.ts';
import { removeContainer, type AttachedContainer } from '../engine/containers.ts';
import { createHelper, describeHelperRefusal } from '../engine/helper-container.ts';
import { readProgramText } from '../engine/program-text.ts';
import { toolsImage } from '../host/tools-image.ts';
import { renderLabels } from '../ownership/names.ts';
import { randomWord, type OwnerEngine } from '../ownership/owner.ts';
import { currentSession, nextId, type Session } from '../ownership/session.ts';
import { LifeLine } from './life-line.ts';
import { confFolder, confFolder6, hostConf, hostConf6, listParameters, listPrograms } from './rights-mounts.ts';

/** How long one that runs may take to say that it is there, in milliseconds. */
const readyMs = 20_000;

/** Where such a container is to run, and what it knows of this process. */
export interface RightsEngine {
  readonly docker: Docker;
  readonly facts?: { readonly endpoint: string };
  readonly owner?: OwnerEngine;
}

/**
 * Has the name of a container known to whoever outlives this process, before the engine is asked for it: one that is made and never started
 * would stay. What it returns is called once that runs, and ends by itself, or is gone.
 */
export type NoteHelper = (name: string) => () => void;

/** How a program ended: by an exit code, or by something else. */
export type Ending = { readonly code: number } | { readonly failure: string };

export interface ProgramListener {
  readonly stdout?: (text: string) => void;
  readonly stderr?: (text: string) => void;
  /** Called once, at once where the container ends first. */
  readonly ended: (ending: Ending) => void;
}

/** A program that runs in the container. */
export interface RemoteProgram {
  write(text: string): void;
  endInput(): void;
  /** Asks it to end. */
  stop(): void;
  /** Ends it and all that it started. */
  kill(): void;
}

type Word =
  | { readonly isHere: boolean }
  | { readonly id: number; readonly stdout?: string; readonly stderr?: string; readonly ended?: Ending };

/**
 * A container on the host's own network with CAP_NET_ADMIN and nothing else, in which the host's programs run, or those of an image that
 * the user names. Its input and output are attached to this process, and it ends when that does.
 */
export class RightsContainer {
  readonly name: string;
  readonly #attached: AttachedContainer;
  readonly #programs = new Map<number, ProgramListener>();
  readonly #onOver: () => void;
  #started = 0;
  #isOver = false;

  readonly #life: LifeLine;
  readonly #ready = Promise.withResolvers<true>();

  private constructor(name: string, attached: AttachedContainer, life: LifeLine, onOver: () => void) {
    this.name = name;
    this.#attached = attached;
    this.#life = life;
    this.#onOver = onOver;
    this.#ready.promise.catch(() => undefined);
    void this.#read();
  }

  /** Nothing of it is left where that fails. @param onOver - Called when no program can be started in it any more, whoever ended it. */
  static async start(
    { docker, owner }: RightsEngine,
    onOver: () => void,
    note: NoteHelper = () => () => undefined,
  ): Promise<RightsContainer> {
    const startedAt = now();
    const plan = planRights(owner);
    const { name } = plan;
    ownSessions.add(plan.session.word);
    const life = await LifeLine.open(plan.line);
    const settle = note(name);
    try {
      const attached = await createRights(docker, plan);
      const container = new RightsContainer(name, attached, life, onOver);
      try {
        await attached.start();
        if ((await within(readyMs, container.#ready.promise)) === undefined)
          throw new Error(`it runs, and has said nothing within ${readyMs / 1000} s`);
        life.settle();
      } catch (error) {
        await container.remove().catch(() => undefined);
        throw error;
      }
      attached.keepAlive(false);
      debug(`container ${name}`, startedAt);
      return container;
    } catch (error) {
      life.cut();
      // By its name: the engine may have made it, and its answer may be lost.
      await removeContainer(docker, name).catch(() => undefined);
      const { what } = describeHelperRefusal(error) ?? { what: (error as Error).message };
      throw new Error(`the container that is to change the kernel could not be started: ${what}`, { cause: error });
    } finally {
      settle();
    }
  }

  /** By its name, along our own PATH in there: whoever's programs it has, they are found in the same folders. */
  start(
    argv: readonly string[],
    environment: Readonly<Record<string, string>>,
    listener: ProgramListener,
    { isWatch = false } = {},
  ): RemoteProgram {
    const id = (this.#started += 1);
    const send = (order: object): void => {
      if (this.#programs.has(id)) this.#attached.send(JSON.stringify({ id, ...order }));
    };
    if (this.#isOver) listener.ended({ failure: 'its container has ended' });
    else this.#programs.set(id, listener);
    send({ order: 'start', argv, env: { ...environment, ...commandEnvironment, LHF_CONF: confFolder }, isWatch });
    return {
      write: (text) => send({ order: 'write', text }),
      endInput: () => send({ order: 'end' }),
      stop: () => send({ order: 'stop' }),
      kill: () => send({ order: 'kill' }),
    };
  }

  /** Where a kernel parameter of an interface is, inside; undefined for any other. */
  static pathOf(key: string): string | undefined {
    if (key.startsWith(hostConf6)) return `${confFolder6}/${key.slice(hostConf6.length)}`;
    return key.startsWith(hostConf) ? `${confFolder}/${key.slice(hostConf.length)}` : undefined;
  }

  /** Whoever uses it is told at once; gone when it resolves. */
  async remove(): Promise<void> {
    this.#tell();
    try {
      // Before it hears that it is not needed: it would end by itself while it is killed, as its input's end would have it.
      await this.#attached.remove();
    } finally {
      this.#life.cut();
    }
  }

  async #read(): Promise<void> {
    for await (const line of this.#attached.lines) this.#hear(JSON.parse(line) as Word);
    this.#tell();
    this.#life.cut();
  }

  #hear(word: Word): void {
    if ('isHere' in word) {
      if (word.isHere) this.#ready.resolve(true);
      else this.#ready.reject(new Error("the engine's host network is another one than this process's"));
      return;
    }
    const { id, stdout, stderr, ended } = word;
    const listener = this.#programs.get(id);
    if (stdout !== undefined) listener?.stdout?.(stdout);
    if (stderr !== undefined) listener?.stderr?.(stderr);
    if (ended !== undefined && this.#programs.delete(id)) listener?.ended(ended);
  }

  #tell(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver();
    const complaint = this.#attached.stderr().trim().split('\n').at(-1);
    const failure = `its container has ended${complaint ? `: ${complaint}` : ''}`;
    this.#ready.reject(new Error(failure));
    for (const listener of this.#programs.values()) listener.ended({ failure });
    this.#programs.clear();
  }
}

/** What such a container is called, whose it is, and the abstract name of the socket that tells it of this process's end. */
export interface RightsPlan {
  readonly name: string;
  readonly line: string;
  readonly session: Session;
}

export const planRights = (owner: OwnerEngine | undefined): RightsPlan => {
  // A session of its own: it belongs to this process, and to no forward of it.
  const session = currentSession(`rights on ${owner?.engine}`, owner);
  const name = `lhf-rights-${nextId(session)}`;
  // Nobody else can guess the name, and have the container hold on to a socket of his.
  return { name, line: `${name}-${randomWord(20)}`, session };
};

/** Asks the engine for it, not started yet. */
export const createRights = async (docker: Docker, { name, line, session }: RightsPlan): Promise<AttachedContainer> => {
  const image = toolsImage();
  return createHelper(docker, {
    name,
    labels: renderLabels(`lhf-${session.owner.nonce}`, session.word),
    program: await readProgramText('rights'),
    args: [line],
    network: 'host',
    capabilities: ['NET_ADMIN'],
    mounts: [...(image === undefined ? listPrograms() : []), ...listParameters()],
    image,
    actsOnHost: true,
  });
};

/** Whether a container is one that this process changes the kernel by. */
export const isOwnRights = (session: string | undefined): boolean => ownSessions.has(session ?? '');

const ownSessions = new Set<string>();
