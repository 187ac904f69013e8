import { chooseStrategy, type Choice, type Failed } from '../choose/choose-strategy.ts';
import { sessionOn, type Engine } from '../engine/engine.ts';
import { isLocalhostForwardError } from '../errors.ts';
import type { HostFacts } from '../host/facts.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { privilegesOf } from '../privilege/privileges.ts';
import { strategies } from '../strategies/all.ts';
import type { Obstacle, Strategy } from '../strategies/strategy.ts';
import type { Strategy as StrategyName } from '../types.ts';

interface Machine {
  readonly host: HostFacts;
  readonly engine: Engine;
  readonly wishes: Pick<ResolvedOptions, 'strategy' | 'privilege'>;
}

/** Has each strategy that nothing stands in the way of, as far as facts tell, ask what an opening would: those that would fail, and why. */
export const rehearseAll = async (machine: Machine): Promise<Failed> => {
  const failed = new Map<StrategyName, Obstacle>();
  for (const strategy of strategies) {
    const obstacle = await rehearse(strategy, machine);
    if (obstacle !== undefined)
      failed.set(strategy.name, { ...obstacle, what: `would fail at its start: ${obstacle.what}` });
  }
  return failed;
};

const rehearse = async (strategy: Strategy, { host, engine, wishes }: Machine): Promise<Obstacle | undefined> => {
  const choice = choose({ host, engine, wishes: { ...wishes, strategy: strategy.name } });
  if (choice === undefined || strategy.rehearse === undefined) return undefined;
  const privileges = privilegesOf({ kind: choice.privilege }, engine);
  const rights = privileges.use();
  try {
    return await strategy.rehearse({ session: sessionOn(engine, choice.privilege), engine, host, privileges });
  } finally {
    await rights.release();
  }
};

const choose = ({ host, engine, wishes }: Machine): Choice | undefined => {
  try {
    return chooseStrategy({ host, engine: engine.facts }, wishes);
  } catch (error) {
    if (isLocalhostForwardError(error)) return undefined;
    throw error;
  }
};
