import { connectEngine } from '../engine/engine.ts';
import { readHostFacts } from '../host/facts.ts';
import { parseOptions } from '../options/options.ts';
import { chooseStrategy } from '../choose/choose-strategy.ts';
import { lendWhereWanted } from '../choose/lend-where-wanted.ts';
import { rehearseAll } from '../choose/rehearse.ts';
import { strategyNamed } from '../strategies/all.ts';
import { strategyNames, type Strategy } from '../types.ts';

/** Each strategy that could be chosen here, and would not fail at its start; `auto` alone where none can, or no engine answers, for the check to say why. */
export const availableStrategies = async ({ hermetic = false } = {}): Promise<readonly ('auto' | Strategy)[]> => {
  const engine = await connectEngine().catch(() => undefined);
  if (engine === undefined) return ['auto'];
  const { privilege } = parseOptions({}, process.env);
  const own = await readHostFacts();
  const host = await lendWhereWanted({ strategy: 'auto', privilege }, own, engine);
  const facts = { host, engine: engine.facts };
  const failed = await rehearseAll({ host, engine, wishes: { strategy: 'auto', privilege } });
  const available = strategyNames.filter((strategy) => {
    // What is chosen only where it is asked for may lack what nothing here tells.
    if (strategyNamed(strategy).doubt?.(facts) !== undefined) return false;
    try {
      return chooseStrategy(facts, { strategy, privilege, hermetic }, failed).strategy === strategy;
    } catch {
      return false;
    }
  });
  return available.length === 0 ? ['auto'] : available;
};
