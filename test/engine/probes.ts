import Docker from 'dockerode';
import type { LocalhostForward } from '../../src/index.ts';
import { projectRoot, spawnScript } from '../support/children.ts';

export const patient = { timeoutMs: 30_000 };

/** Names of probes' containers that are there, in any state: all, or those of the session that opened a forward. */
export const listProbes = async (net?: { id: string }): Promise<string[]> => {
  const prefix = `/lhf-probe-${net?.id.slice(0, 5) ?? ''}`;
  const listed = await new Docker().listContainers({ all: true });
  return listed.flatMap(({ Names }) => Names.filter((name) => name.startsWith(prefix))).map((name) => name.slice(1));
};

export interface Proven {
  readonly proof: string | undefined;
  readonly finding: string;
  /** Of a diagnosis, from the bridge. */
  readonly packets: number | undefined;
}

export const prove = async (net: Pick<LocalhostForward, 'verify' | 'diagnose'>): Promise<Proven> => {
  const [verified, diagnosed] = await Promise.all([net.verify(patient), net.diagnose(patient)]);
  const packets = diagnosed.hops.find(({ name }) => name === 'bridge')?.packets;
  return { proof: verified.ports[0]?.proof, finding: diagnosed.finding, packets };
};

/** Another process that was handed a forward. */
export const startWorker = (
  net: LocalhostForward,
): AsyncDisposable & { ask(order: 'prove' | 'close'): Promise<unknown> } => {
  const script = spawnScript({
    file: `${projectRoot}test/engine/programs/probe-worker.ts`,
    args: [JSON.stringify(net)],
  });
  return {
    ask: async (order) => {
      script.send(order);
      return JSON.parse(
        (await script.waitForLine((line) => line.startsWith(`${order} `))).slice(order.length),
      ) as unknown;
    },
    [Symbol.asyncDispose]: async () => {
      script.endInput();
      await script.exit;
    },
  };
};
