import type { Slowness } from '../../faults.ts';
import { LocalhostForwardError } from '../../errors.ts';
import type { CommandResult } from '../../command/run.ts';
import type { RootArgv } from '../../privilege/programs.ts';
import type { Privileges } from '../../privilege/privileges.ts';
import type { Strategy } from '../../types.ts';
import { keyOf, type PortKey } from '../strategy.ts';

/** Nobody is held back by it, in bytes per second. */
const unlimited = 4_000_000_000;

/** What a full packet weighs on the bridge for each byte that it carries: 1,448 of 1,514. */
const weight = 1_514 / 1_448;

/** The commands that make a port's class, the first one of which needs the bridge's queueing. Pure. */
export const renderClass = (
  bridge: string,
  classId: string,
  { latencyMs, jitterMs, bytesPerSecond }: Slowness,
): RootArgv[] => {
  const rate = bytesPerSecond === undefined ? undefined : Math.ceil(bytesPerSecond * weight);
  const of = `dev ${bridge}`;
  const isDelayed = latencyMs > 0 || jitterMs > 0;
  // A bucket cuts large packets into what goes over a wire, so that the rate is kept from moment to moment as well.
  const isBucket = rate !== undefined && !isDelayed;
  return [
    // The quantum is what one class may send before another's turn: with one for each port it decides nothing, and tc would warn of its own.
    `class replace ${of} parent 1: classid ${classId} htb rate ${isBucket ? unlimited : (rate ?? unlimited)}bps quantum 60000`,
    ...(isBucket
      ? [`qdisc replace ${of} parent ${classId} tbf rate ${rate}bps burst ${burstOf(rate)} limit 1000000`]
      : []),
    // More than waits for a second at 10 Gbit/s: what netem has no room for it would lose.
    ...(isDelayed
      ? [`qdisc replace ${of} parent ${classId} netem limit 1000000 delay ${latencyMs}ms ${jitterMs}ms`]
      : []),
  ].map((command) => ['tc', ...command.split(' ')] as const);
};

/** Ten milliseconds' worth, in bytes, and no less than two packets. */
const burstOf = (rate: number): number => Math.max(3_200, Math.ceil(rate / 100));

/** The queueing of one bridge, by which its ports are slowed: what leaves for containers. It goes with the bridge. */
export class BridgeShaper {
  readonly #bridge: string;
  readonly #privileges: Privileges;
  readonly #strategy: Strategy;
  readonly #classes = new Map<string, string>();
  #made = 0;

  constructor(bridge: string, privileges: Privileges, strategy: Strategy) {
    this.#bridge = bridge;
    this.#privileges = privileges;
    this.#strategy = strategy;
  }

  /** Makes a class that a port may use, and gives its id. A failure leaves nothing. @throws LHF_ERR_UNSUPPORTED, LHF_ERR_RULES */
  async shape(slow: Slowness): Promise<string> {
    if (this.#classes.size === 0)
      await this.#tc(['tc', 'qdisc', 'add', 'dev', this.#bridge, 'root', 'handle', '1:', 'htb', 'default', '0']);
    // Another one, so that nothing is left in its queue of what was asked before.
    const classId = `1:${(this.#made = (this.#made % 0xfffe) + 1).toString(16)}`;
    try {
      for (const command of renderClass(this.#bridge, classId, slow)) await this.#tc(command);
    } catch (error) {
      await this.discard(classId);
      throw error;
    }
    return classId;
  }

  /** Which class a port's packets go by from now on; the one before goes. */
  async use(port: PortKey, classId: string | undefined): Promise<void> {
    const key = keyOf(port);
    const before = this.#classes.get(key);
    if (classId === undefined) this.#classes.delete(key);
    else this.#classes.set(key, classId);
    if (before !== undefined) await this.discard(before);
  }

  /** What fails to go is in nobody's way, and goes with the bridge. */
  async discard(classId: string): Promise<void> {
    const of = ['dev', this.#bridge];
    if (this.#classes.size > 0) await this.#privileges.run(['tc', 'class', 'del', ...of, 'classid', classId]);
    else await this.#privileges.run(['tc', 'qdisc', 'del', ...of, 'root']);
  }

  async #tc(command: RootArgv): Promise<void> {
    const result = await this.#privileges.run(command);
    if (result.exitCode !== 0)
      throw this.#describe(result, ['netem', 'tbf'].find((kind) => command.includes(kind)) ?? 'htb');
  }

  #describe({ failure, stderr }: CommandResult, kind: string): LocalhostForwardError {
    const words = failure ?? stderr.trim();
    const others = "strategy: 'relay'";
    const details = { strategy: this.#strategy, stderr: words };
    if (failure !== undefined || /qdisc kind is unknown|unknown qdisc|module/i.test(stderr)) {
      const what =
        failure === undefined
          ? `this kernel has no ${kind} (CONFIG_NET_SCH_${kind.toUpperCase()})`
          : `tc of iproute2 does not run here: ${failure}`;
      return new LocalhostForwardError(
        'LHF_ERR_UNSUPPORTED',
        {
          what: `The strategy ${this.#strategy} slows ${kind === 'netem' ? 'answers by a latency' : 'ports'} with the kernel's queueing, and ${what}: relay and sidecar do it by themselves`,
          try: others,
        },
        details,
      );
    }
    return new LocalhostForwardError(
      'LHF_ERR_RULES',
      { what: `The queueing of ${this.#bridge} could not be changed: ${words}`, try: others },
      details,
    );
  }
}
