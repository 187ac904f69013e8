import { tellCalls, type EngineCall } from '../engine/told-calls.ts';
import { readSysctl } from '../host/kernel.ts';
import type { ProbeLeft, ProbeOrder } from '../proof/protocol.ts';
import { tellingPrivileges } from '../privilege/telling.ts';
import type { Tools } from '../strategies/strategy.ts';
import type { Step, Told } from '../strategies/told.ts';

/** In place of engine, kernel and programs: hears what they would be told, and answers as they would. */
export class TellingWorld implements Told {
  readonly #steps: Step[] = [];
  readonly #bridges = new Map<string, string>();
  readonly #parameters = new Map<string, string>();

  /** What was said since it was last asked. */
  take(): Step[] {
    return this.#steps.splice(0);
  }

  readonly say = (step: Step): void => {
    this.#steps.push({ ...step, lines: [...step.lines] });
  };

  readonly kernel = {
    interfaceExists: (name: string): boolean => [...this.#bridges.values()].includes(name),
    /** A new interface has what the defaults say. */
    readSysctl: async (key: string): Promise<string | undefined> =>
      this.#parameters.get(key) ?? readSysctl(key.replace(/\/lhf-\w+\//, '/default/')),
  };

  /** The same tools, by which nothing is done. The session is one of its own with the same name, for nothing is shared with forwards that are open. */
  toolsFor({ session, engine, host, privileges }: Tools): Tools {
    const set = (key: string, value: string): void => void this.#parameters.set(key, value);
    return {
      session: { ...session, shared: new Map(), open: new Map() },
      engine: { ...engine, docker: tellCalls(engine.docker, { say: (call) => this.#hear(call), answerTo }) },
      host,
      privileges: tellingPrivileges(privileges, { say: this.say, set }),
      told: this,
    };
  }

  #hear({ call, body }: EngineCall): void {
    this.say({ by: 'engine', call, lines: [], ...(body === undefined ? {} : { body }) });
    const { Name = '', Options } = (body ?? {}) as { Name?: string; Options?: Readonly<Record<string, string>> };
    if (call === 'POST /networks/create') this.#bridges.set(Name, Options?.['com.docker.network.bridge.name'] ?? '');
    const [, gone] = /^DELETE \/networks\/([^?]+)/.exec(call) ?? [];
    if (gone !== undefined) this.#bridges.delete(gone);
  }
}

/** A probe says that it has closed what it had open; other programs are not asked anything. */
const answerTo = (line: string): string | undefined => {
  if (line === '') return undefined;
  const order = JSON.parse(line) as ProbeOrder;
  return order.order === 'end' ? JSON.stringify({ event: 'left', visit: order.visit } satisfies ProbeLeft) : undefined;
};
