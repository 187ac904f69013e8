import { debug } from '../command/debug.ts';
import { isLocalhostForwardError, LocalhostForwardError } from '../errors.ts';
import type { Choice, Failed } from '../choose/choose-strategy.ts';
import type { Obstacle } from '../strategies/strategy.ts';
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
  const failed = new Map<Strategy, Obstacle>();
  for (let choice = first; ;) {
    try {
      return { choice, opened: await open(choice) };
    } catch (error) {
      if (!isLocalhostForwardError(error) || !isOfStrategy(error)) throw error;
      const words = (error.stderr ?? error.message).replace(/^(?:Error: )+/, '').split('\n')[0];
      failed.set(choice.strategy, { what: `failed at its start: ${words}` });
      choice = chooseNext(choose, failed, error);
      if (error.code === 'LHF_ERR_NO_STRATEGY') warnOfPlace(String(words), choice);
      debug(`${[...failed.keys()].join(', ')} failed at its start: ${choice.strategy} is next`);
    }
  }
};

let isWarned = false;

/** Whose 127.0.0.1 it is then may surprise: told once. */
const warnOfPlace = (words: string, { strategy }: Choice): void => {
  if (isWarned) return;
  isWarned = true;
  process.emitWarning(`${words}. By ${strategy}, containers reach the 127.0.0.1 of this process's namespace`, {
    type: 'LocalhostForwardWarning',
    code: 'LHF_WARN_NAMESPACE',
  });
};

/** Whether it is about this way of forwarding, so that another may do: a port that only the relay would have listened on is. */
const isOfStrategy = ({ code, strategy }: LocalhostForwardError): boolean =>
  code === 'LHF_ERR_RULES' ||
  code === 'LHF_ERR_NO_STRATEGY' ||
  (code === 'LHF_ERR_PORT_IN_USE' && strategy !== undefined);

const chooseNext = (choose: (failed: Failed) => Choice, failed: Failed, error: LocalhostForwardError): Choice => {
  try {
    return choose(failed);
  } catch {
    throw failed.size === 1 ? error : withAll(failed, error);
  }
};

const withAll = (failed: Failed, error: LocalhostForwardError): LocalhostForwardError => {
  const { message, code, strategy, command, stderr } = error;
  const [what = message] = message.split('\n');
  const evidence = [...failed].map(([name, obstacle]) => `${name}: ${obstacle.what}`);
  return new LocalhostForwardError(
    code,
    { what, evidence, try: 'localhost-forward doctor' },
    { ...(strategy && { strategy }), ...(command && { command }), ...(stderr && { stderr }), cause: error },
  );
};
