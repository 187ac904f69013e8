import { connectEngine, type Engine } from '../engine/engine.ts';
import { listNetworks } from '../engine/networks.ts';
import { isLocalhostForwardError } from '../errors.ts';
import { readHostFacts } from '../host/facts.ts';
import { readRoutes } from '../host/kernel.ts';
import { listForwards } from '../lifecycle/list-forwards.ts';
import { parseOptions } from '../options.ts';
import { chooseStrategy, type EngineFacts, type HostFacts } from '../plan/choose-strategy.ts';
import { countFree } from '../plan/subnet.ts';
import { privilegesOf } from '../privilege/privileges.ts';
import type { Privilege, StrategyReason } from '../types.ts';
import { readFirewall, type FirewallFacts } from './firewall.ts';

/** What this machine offers. No secret is in it: it is made to be pasted. */
export interface DoctorReport {
  /** Whether some strategy works. */
  readonly ok: boolean;
  readonly strategy: string | null;
  readonly privilege: Privilege | null;
  /** Null where none answers; then `problem` says why. */
  readonly engine: EngineFacts | null;
  readonly host: HostFacts;
  readonly firewall: FirewallFacts | null;
  readonly reasons: readonly StrategyReason[];
  /** Networks of forwards on this engine, by what became of their owners. */
  readonly forwards: { readonly open: number; readonly left: number };
  readonly subnets: { readonly pool: string; readonly free: number } | null;
  /** Why nothing works, and one thing to try. */
  readonly problem?: string;
}

/**
 * Looks at this machine and changes nothing.
 *
 * @example
 * const { ok, reasons } = await doctor();
 */
export const doctor = async (options: { docker?: object } = {}): Promise<DoctorReport> => {
  const host = await readHostFacts();
  const resolved = parseOptions(options, process.env);
  const base = { host, firewall: await firewallOf(host), forwards: { open: 0, left: 0 }, reasons: [], subnets: null };
  const engine = await connectEngine(resolved.docker).catch((error: unknown) => error as Error);
  if (engine instanceof Error)
    return { ...base, ok: false, strategy: null, privilege: null, engine: null, problem: engine.message };
  const [forwards, free] = await Promise.all([countForwards(options), countSubnets(engine, resolved.subnetPool)]);
  const seen = {
    ...base,
    engine: withoutCredentials(engine.facts),
    forwards,
    subnets: { pool: resolved.subnetPool, free },
  };
  try {
    const { strategy, privilege, reasons } = chooseStrategy({ host, engine: engine.facts }, resolved);
    return { ...seen, ok: true, strategy, privilege, reasons };
  } catch (error) {
    if (!isLocalhostForwardError(error)) throw error;
    return {
      ...seen,
      ok: false,
      strategy: null,
      privilege: null,
      reasons: error.reasons ?? [],
      problem: error.message,
    };
  }
};

const firewallOf = async ({ uid, sudo, platform }: HostFacts): Promise<FirewallFacts | null> => {
  if (platform !== 'linux') return null;
  return uid === 0 ? readFirewall(privilegesOf('root')) : sudo ? readFirewall(privilegesOf('sudo')) : null;
};

const countForwards = async (options: { docker?: object }): Promise<DoctorReport['forwards']> => {
  const forwards = await listForwards(options);
  const open = forwards.filter(({ alive }) => alive === 'alive').length;
  return { open, left: forwards.length - open };
};

const countSubnets = async ({ docker }: Engine, pool: string): Promise<number> => {
  const [networks, routes] = await Promise.all([listNetworks(docker), readRoutes()]);
  return countFree({ pool, taken: [...networks.flatMap(({ subnets }) => subnets), ...routes] });
};

const withoutCredentials = (facts: EngineFacts): EngineFacts => ({
  ...facts,
  endpoint: facts.endpoint.replace(/\/\/[^/@]*@/, '//'),
});
