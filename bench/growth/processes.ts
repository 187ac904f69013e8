import type { Strategy } from '../../src/index.ts';
import type { OpenerAnswer } from '../programs/opener.ts';
import { startProgram } from '../support/program.ts';
import { times } from '../support/some-at-once.ts';

export interface ProcessesPlan {
  readonly strategy: Strategy;
  readonly port: number;
  readonly processes: number;
  readonly each: number;
}

/** Opens forwards in processes of their own; resolves to what closes them and ends the processes. */
export const openInProcesses = async (plan: ProcessesPlan): Promise<() => Promise<unknown>> => {
  const { strategy, port, processes, each } = plan;
  const openers = times(processes).map(() => startProgram('opener.ts', [strategy, String(port)]));
  const answers = await Promise.all(openers.map((opener) => opener.ask<OpenerAnswer>(`open ${each}`)));
  const [failure] = answers.flatMap(({ failures }) => failures);
  if (failure !== undefined) throw new Error(failure);
  return () => Promise.all(openers.map((opener) => opener[Symbol.asyncDispose]()));
};
