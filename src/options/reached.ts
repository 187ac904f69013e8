import { readInteger, readObject } from './expect.ts';

/**
 * What `toHaveBeenReached()` takes.
 *
 * @throws LHF_ERR_INVALID_OPTION naming the path.
 */
export const parseReached = (
  options: unknown,
): { readonly port: number | undefined; readonly times: number | undefined; readonly withinMs: number } => {
  const { port, times, withinMs } = readObject('options', options ?? {}, ['port', 'times', 'withinMs']);
  return {
    port: port === undefined ? undefined : readInteger('options.port', port, 1, 65_535),
    times: times === undefined ? undefined : readInteger('options.times', times, 0, 1_000_000),
    withinMs: withinMs === undefined ? 0 : readInteger('options.withinMs', withinMs, 0, 600_000, ' milliseconds'),
  };
};
