import { findTraces, renderDiagnosis, type LocalhostForward } from '../../src/index.ts';

interface MatcherResult {
  readonly pass: boolean;
  message(): string;
}

/** What the matchers take of a forward. */
type Net = Pick<LocalhostForward, 'diagnose' | 'hits' | 'networkName' | 'bridgeName'>;

export interface PortOptions {
  /** The container port. Default: all ports of the forward. */
  port?: number;
}

export interface ReachableOptions extends PortOptions {
  /** How long containers dial, in milliseconds. Default: the forward's own. */
  timeoutMs?: number;
}

/** Dials the user's own service from a container; a failure's message is the diagnosis. */
const toBeReachableFromContainer = async (net: Net, options: ReachableOptions = {}): Promise<MatcherResult> => {
  const diagnosis = await net.diagnose(options);
  return {
    pass: diagnosis.reachable,
    message: () =>
      diagnosis.reachable
        ? `Expected ${describe(net, options)} not to be reachable from a container, but it is`
        : renderDiagnosis(diagnosis),
  };
};

/** Whether somebody's container connected, by the forward's own counters; where nobody did, the diagnosis tells whether one could have. */
async function toHaveBeenReached(this: unknown, net: Net, options: PortOptions = {}): Promise<MatcherResult> {
  const { connections, packets } = await net.hits(options.port);
  const { isNot = false } = this as { isNot?: boolean };
  const diagnosis = connections > 0 || isNot ? undefined : await net.diagnose(options);
  const counted = `${connections} connection${connections === 1 ? '' : 's'}, ${packets} packets`;
  return {
    pass: connections > 0,
    message: () =>
      connections > 0
        ? `Expected nobody to have reached ${describe(net, options)}, but there were ${counted}`
        : [
            `Expected ${describe(net, options)} to have been reached, but there were ${counted}`,
            ...(diagnosis === undefined ? [] : [`  ${diagnosis.sentence}`, `Try: ${diagnosis.advice}`]),
          ].join('\n'),
  };
}

/** Whether nothing of a closed forward is left on this host: network, containers, bridge, rules. */
const toLeaveNoTrace = async (net: Net): Promise<MatcherResult> => {
  const traces = await findTraces(net);
  return {
    pass: traces.length === 0,
    message: () =>
      traces.length === 0
        ? `Expected ${net.networkName} to have left something, but nothing of it is there`
        : [
            `Expected ${net.networkName} to leave no trace, but there are:`,
            ...traces.map((trace) => `  ${trace}`),
            'Try: await net.close(), or localhost-forward sweep',
          ].join('\n'),
  };
};

const describe = ({ networkName }: Net, { port }: PortOptions): string =>
  port === undefined ? networkName : `port ${port} of ${networkName}`;

/** As `expect.extend()` takes them. */
export const matchers = { toBeReachableFromContainer, toHaveBeenReached, toLeaveNoTrace };
