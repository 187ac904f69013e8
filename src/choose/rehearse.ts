import { chooseStrategy, type Choice } from './choose-strategy.ts';
import { isRefusalOfRights, type Failed, type FailedStart } from './failed.ts';
import { sessionOn, type Engine } from '../engine/engine.ts';
import { isLocalhostForwardError } from '../errors.ts';
import type { HostFacts } from '../host/facts.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { privilegesOf } from '../privilege/privileges.ts';
import { strategies } from '../strategies/all.ts';
import type { Strategy } from '../strategies/strategy.ts';

interface Machine {
  readonly host: HostFacts;
  readonly engine: Engine;
  readonly wishes: Pick<ResolvedOptions, 'strategy' | 'privilege'>;
}

/** Has each strategy that nothing stands in the way of, as far as facts tell, ask what an opening would: those that would fail, and why. */
export const rehearseAll = async (machine: Machine): Promise<Failed> => {
  const failed: FailedStart[] = [];
  for (const strategy of strategies) {
    let isAskedAgain = true;
    // Where rights are refused, the next of the ladder may be had.
    while (isAskedAgain) {
      const failure = await rehearse(strategy, machine, failed);
      if (failure !== undefined) failed.push(failure);
      isAskedAgain = failure?.isOfRights === true;
    }
  }
  return failed;
};

const rehearse = async (strategy: Strategy, machine: Machine, failed: Failed): Promise<FailedStart | undefined> => {
  const { host, engine } = machine;
  const privilege = choose(machine, strategy, failed)?.privilege;
  if (privilege === undefined || strategy.rehearse === undefined) return undefined;
  const privileges = privilegesOf({ kind: privilege }, engine);
  const rights = privileges.use();
  try {
    const obstacle = await strategy.rehearse({ session: sessionOn(engine, privilege), engine, host, privileges });
    if (obstacle === undefined) return undefined;
    const { what: words, ...advice } = obstacle;
    const isOfRights = privilege !== 'none' && isRefusalOfRights(words);
    return { strategy: strategy.name, privilege, words, isOfRights, isRehearsed: true, ...advice };
  } finally {
    await rights.release();
  }
};

const choose = ({ host, engine, wishes }: Machine, { name }: Strategy, failed: Failed): Choice | undefined => {
  try {
    return chooseStrategy({ host, engine: engine.facts }, { ...wishes, strategy: name }, failed);
  } catch (error) {
    if (isLocalhostForwardError(error)) return undefined;
    throw error;
  }
};
