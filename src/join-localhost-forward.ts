import { LocalhostForwardError } from './errors.ts';
import { JoinedForward } from './joined-forward.ts';
import { isRulesStrategy } from './strategies/strategies.ts';
import type { ForwardHandover, LocalhostForward } from './types.ts';

/**
 * A forward that another process opened, as a test's worker sees it: everything can be read and proven, but ports are
 * changed and the forward is closed by who opened it. Nothing is asked of the engine until a proof needs it.
 *
 * @param handover - What `net.toJSON()` gave in the opening process.
 * @param options - `docker` as it was given to the opening.
 * @throws LHF_ERR_INVALID_OPTION for anything else.
 *
 * @example
 * const net = joinLocalhostForward(JSON.parse(process.env.MY_HANDOVER));
 * console.log(net.url(), await net.hits());
 */
export const joinLocalhostForward = (
  handover: ForwardHandover,
  { docker }: { docker?: object } = {},
): LocalhostForward => {
  assertHandover(handover);
  return new JoinedForward(handover, docker);
};

const texts = [
  'id',
  'networkName',
  'networkId',
  'bridgeName',
  'subnet',
  'gateway',
  'hostname',
  'strategy',
  'privilege',
] as const;

const assertHandover = (value: unknown): void => {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const missing =
    texts.find((name) => typeof given[name] !== 'string') ?? (Array.isArray(given['ports']) ? undefined : 'ports');
  if (missing === undefined && isRulesStrategy(given['strategy'])) return;
  throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
    what: `Expected \`handover\` to be what toJSON() of an open forward gives, got ${describe(value, missing)}`,
    try: 'joinLocalhostForward(net.toJSON())',
  });
};

const describe = (value: unknown, missing: string | undefined): string =>
  typeof value !== 'object' || value === null
    ? `\`${String(value)}\``
    : missing === undefined
      ? 'one of a strategy that is unknown here'
      : `an object without \`${missing}\``;
