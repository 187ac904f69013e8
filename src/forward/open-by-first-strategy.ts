import { debug } from '../command/debug.ts';
import { isLocalhostForwardError, LocalhostForwardError } from '../errors.ts';
import type { Choice, Failed } from '../choose/choose-strategy.ts';
import type { Strategy } from '../types.ts';

/**
 * Opens by the strategy that was chosen, and where it cannot even put its first rules in, by the next one that `choose` has: what a
 * machine says of itself and what it does may differ. Each that failed has undone its own by then, and its words are a reason.
 *
 * @throws what the last strategy said, with the words of those before it.
 */
export const openByFirstStrategy = async <T>(
  first: Choice,
  choose: (failed: Failed) => Choice,
  open: (choice: Choice) => Promise<T>,
): Promise<{ choice: Choice; opened: T }> => {
  const failed = new Map<Strategy, string>();
  for (let choice = first; ;) {
    try {
      return { choice, opened: await open(choice) };
    } catch (error) {
      if (!isLocalhostForwardError(error) || error.code !== 'LHF_ERR_RULES') throw error;
      const words = (error.stderr ?? error.message).replace(/^(?:Error: )+/, '').split('\n')[0];
      failed.set(choice.strategy, `failed at its start: ${words}`);
      choice = chooseNext(choose, failed, error);
      debug(`${[...failed.keys()].join(', ')} failed at its start: ${choice.strategy} is next`);
    }
  }
};

const chooseNext = (choose: (failed: Failed) => Choice, failed: Failed, error: LocalhostForwardError): Choice => {
  try {
    return choose(failed);
  } catch {
    throw failed.size === 1 ? error : withAll(failed, error);
  }
};

const withAll = (failed: Failed, error: LocalhostForwardError): LocalhostForwardError => {
  const { message, strategy, command, stderr } = error;
  const [what = message] = message.split('\n');
  const evidence = [...failed].map(([name, words]) => `${name}: ${words}`);
  return new LocalhostForwardError(
    'LHF_ERR_RULES',
    { what, evidence, try: 'localhost-forward doctor' },
    { ...(strategy && { strategy }), ...(command && { command }), ...(stderr && { stderr }), cause: error },
  );
};
