import { LocalhostForwardError } from '../errors.ts';
import type { PrivilegeHandle } from '../privilege/privileges.ts';
import { strategies } from '../strategies/all.ts';
import type { Facts, Obstacle, Strategy } from '../strategies/strategy.ts';
import type { Privilege, Protocol, Strategy as StrategyName, StrategyReason } from '../types.ts';
import { adviseOn } from './advise.ts';
import { choosePrivilege, nobody } from './choose-privilege.ts';
import { failureOf, type Failed } from './failed.ts';

export interface Choice {
  readonly strategy: StrategyName;
  readonly privilege: PrivilegeHandle['kind'];
  /** Each strategy with what spoke for or against it. */
  readonly reasons: readonly StrategyReason[];
}

export interface Wishes {
  readonly strategy: 'auto' | StrategyName;
  readonly privilege: 'auto' | Privilege;
  /** What is to be carried. Default: TCP. */
  readonly protocols?: readonly Protocol[];
  /** Whether containers are to reach nothing else. Default: false. */
  readonly hermetic?: boolean;
}

/** Whether somebody who may change the kernel is wanted at all. Pure. */
export const mayNeedRights = ({ strategy, privilege }: Pick<Wishes, 'strategy' | 'privilege'>): boolean =>
  privilege !== 'none' &&
  (strategy === 'auto' || strategies.some((one) => one.name === strategy && one.needsPrivilege));

/**
 * The first strategy that works here and has not failed, or the one that was asked for: each is asked what stands in its way. What needs
 * rights is had by the first of the ladder who was not refused.
 *
 * @param failed - What was tried, for the next to be found.
 * @throws LHF_ERR_NO_STRATEGY with each reason, or LHF_ERR_PRIVILEGE where only the right to install rules is missing.
 */
export const chooseStrategy = (facts: Facts, wishes: Wishes, failed: Failed = []): Choice => {
  const rights = choosePrivilege(facts, wishes.privilege, failed);
  const refusal = rights.privilege === undefined ? rights.obstacle : undefined;
  const candidates = strategies.map((strategy) => {
    const obstacle = failureOf(failed, strategy.name) ?? obstacleTo(strategy, facts, wishes);
    // Rights are the last thing that is asked for: without the tools they would not help.
    const unfit = obstacle ?? (strategy.needsPrivilege ? refusal : undefined);
    return { name: strategy.name, strategy, obstacle, unfit };
  });
  const wanted = candidates.filter(({ name }) => wishes.strategy === 'auto' || name === wishes.strategy);
  const chosen = wanted.find(({ unfit }) => unfit === undefined);
  const reasons = candidates.map(({ name, strategy, unfit }): StrategyReason => ({
    strategy: name,
    chosen: name === chosen?.name,
    reason:
      unfit?.what ??
      (name === chosen?.name
        ? describe(strategy, facts, wishes, rights)
        : `not tried: ${wishes.strategy === 'auto' ? `${chosen?.name} comes first` : `${wishes.strategy} was asked for`}`),
  }));
  if (chosen !== undefined) {
    const kind = chosen.strategy.needsPrivilege ? (rights.privilege ?? nobody.kind) : nobody.kind;
    return { strategy: chosen.name, privilege: kind, reasons };
  }
  if (wishes.hermetic === true && isPossible(facts, { ...wishes, hermetic: false }, failed))
    throw notHermetic(wishes.strategy, reasons, refusal?.advice);
  const able = wanted.find(({ obstacle }) => obstacle === undefined);
  // What was tried is nearest to working.
  const tried = wanted.find(({ name }) => failureOf(failed, name) !== undefined)?.obstacle;
  throw able === undefined || refusal === undefined
    ? noStrategy(wishes.strategy, reasons, tried?.advice ?? adviseOn(facts, wishes.strategy, refusal))
    : noPrivilege(able.name, refusal, reasons);
};

const obstacleTo = (
  strategy: Strategy,
  facts: Facts,
  { strategy: asked, privilege, protocols = ['tcp'], hermetic = false }: Wishes,
): Obstacle | undefined => {
  // Who names the rights to be used asks for a strategy that uses them.
  if (!strategy.needsPrivilege && asked === 'auto' && privilege !== 'auto' && privilege !== 'none')
    return { what: `uses no rights, and privilege '${privilege}' was asked for` };
  const missing = protocols.find((protocol) => !strategy.carries.includes(protocol));
  const doubt = asked === 'auto' ? strategy.doubt?.(facts) : undefined;
  const open = hermetic ? obstacleToHermetic(strategy, facts) : undefined;
  return strategy.obstacle(facts) ?? doubt ?? open ?? (missing && { what: `carries no ${missing.toUpperCase()}` });
};

const obstacleToHermetic = (strategy: Strategy, facts: Facts): Obstacle | undefined => {
  if (strategy.obstacleToHermetic === undefined)
    return { what: "has no rules, and leaves this host's other ports open to its containers" };
  return strategy.obstacleToHermetic(facts);
};

const isPossible = (...given: Parameters<typeof chooseStrategy>): boolean => {
  try {
    return chooseStrategy(...given).strategy !== undefined;
  } catch {
    return false;
  }
};

const notHermetic = (
  asked: 'auto' | StrategyName,
  reasons: readonly StrategyReason[],
  advice: string | undefined,
): LocalhostForwardError =>
  new LocalhostForwardError(
    'LHF_ERR_UNSUPPORTED',
    {
      what:
        asked === 'auto'
          ? 'No strategy can keep a network hermetic here'
          : `Strategy '${asked}' cannot keep a network hermetic here`,
      evidence: listReasons(asked === 'auto' ? reasons : reasons.filter(({ strategy }) => strategy === asked)),
      try: asked === 'auto' ? (advice ?? 'localhost-forward doctor') : "strategy: 'auto'",
    },
    { reasons, ...(asked === 'auto' ? {} : { strategy: asked }) },
  );

const describe = (strategy: Strategy, facts: Facts, wishes: Wishes, by: ReturnType<typeof choosePrivilege>): string => {
  // Root goes without saying.
  const isTold = strategy.needsPrivilege && by.privilege !== undefined && by.reason !== 'root';
  const what = `${strategy.describe(facts)}${isTold ? `; by ${by.reason}` : ''}`;
  return wishes.strategy === 'auto' ? what : `asked for; ${what}`;
};

const noStrategy = (
  asked: 'auto' | StrategyName,
  reasons: readonly StrategyReason[],
  advice: string,
): LocalhostForwardError => {
  const what =
    asked === 'auto'
      ? 'No strategy can forward to 127.0.0.1 here'
      : `Strategy '${asked}' cannot forward to 127.0.0.1 here`;
  const evidence = listReasons(reasons);
  return new LocalhostForwardError('LHF_ERR_NO_STRATEGY', { what, evidence, try: advice }, { reasons });
};

const noPrivilege = (
  strategy: StrategyName,
  { what, advice }: Obstacle,
  reasons: readonly StrategyReason[],
): LocalhostForwardError =>
  new LocalhostForwardError(
    'LHF_ERR_PRIVILEGE',
    {
      what: `Nobody here may install rules: ${what}`,
      evidence: listReasons(reasons),
      ...(advice === undefined ? {} : { try: advice }),
    },
    { strategy, reasons },
  );

const listReasons = (reasons: readonly StrategyReason[]): string[] =>
  reasons.map(({ strategy, reason }) => `${strategy}: ${reason}`);
