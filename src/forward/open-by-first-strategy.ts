import type { Choice } from '../choose/choose-strategy.ts';
import { isRefusalOfRights, type Failed } from '../choose/failed.ts';
import { debug } from '../command/debug.ts';
import { headlineOf, isLocalhostForwardError, LocalhostForwardError } from '../errors.ts';
import { printable } from '../printable.ts';

/**
 * Opens by the strategy and the rights that were chosen, and where those cannot even begin, by the next that `choose` has: what a machine
 * says of itself and what it does may differ. Each that failed has undone its own by then, and its words are a reason.
 *
 * @throws what the last one said, with the words of those before it.
 */
export const openByFirstStrategy = async <T>(
  first: Choice,
  choose: (failed: Failed) => Choice,
  open: (choice: Choice) => Promise<T>,
): Promise<{ choice: Choice; opened: T }> => {
  const failed: Failed[number][] = [];
  for (let choice = first; ;) {
    try {
      return { choice, opened: await open(choice) };
    } catch (error) {
      if (!isLocalhostForwardError(error) || !isOfStart(error, choice)) throw error;
      const { strategy, privilege } = choice;
      const words = wordsOf(error);
      // Who uses no rights was refused none.
      failed.push({ strategy, privilege, words, isOfRights: privilege !== 'none' && isRefusalOfRights(words) });
      choice = chooseNext(choose, failed, error);
      if (error.code === 'LHF_ERR_NO_STRATEGY') warnOfPlace(words, choice);
      debug(`${strategy} by ${privilege} failed at its start: ${choice.strategy} by ${choice.privilege} is next`);
    }
  }
};

let isWarned = false;

/** Whose 127.0.0.1 it is then may surprise: told once. */
const warnOfPlace = (words: string, { strategy }: Choice): void => {
  if (isWarned) return;
  isWarned = true;
  process.emitWarning(
    `${printable(words)}. By ${strategy}, containers reach the 127.0.0.1 of this process's namespace`,
    {
      type: 'LocalhostForwardWarning',
      code: 'LHF_WARN_NAMESPACE',
    },
  );
};

/** Its rules, its place, or what it listens with: not the user's own ports, nor the network, which no other strategy would have either. */
const isOfStart = ({ code, strategy }: LocalhostForwardError, choice: Choice): boolean =>
  code === 'LHF_ERR_RULES' ||
  code === 'LHF_ERR_NO_STRATEGY' ||
  (code === 'LHF_ERR_PORT_IN_USE' && strategy === choice.strategy);

const wordsOf = (error: LocalhostForwardError): string =>
  headlineOf(error.stderr ?? error).replace(/^(?:Error: )+/, '');

const chooseNext = (choose: (failed: Failed) => Choice, failed: Failed, error: LocalhostForwardError): Choice => {
  try {
    return choose(failed);
  } catch {
    throw failed.length === 1 ? error : withAll(failed, error);
  }
};

const withAll = (failed: Failed, error: LocalhostForwardError): LocalhostForwardError => {
  const { code, strategy, command, stderr } = error;
  const evidence = failed.map(
    ({ strategy: name, privilege, words }) =>
      `${name}${privilege === 'none' ? '' : ` by ${privilege}`}: failed at its start: ${words}`,
  );
  return new LocalhostForwardError(
    code,
    { what: headlineOf(error), evidence, try: 'localhost-forward doctor' },
    { ...(strategy && { strategy }), ...(command && { command }), ...(stderr && { stderr }), cause: error },
  );
};
