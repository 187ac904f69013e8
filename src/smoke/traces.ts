import { readdir } from 'node:fs/promises';
import { listContainers } from '../engine/containers.ts';
import type { Engine } from '../engine/engine.ts';
import { listNetworks } from '../engine/networks.ts';
import type { Session } from '../ownership/session.ts';
import { labels } from '../ownership/names.ts';
import type { Privileges } from '../privilege/privileges.ts';
import type { Trace } from './report.ts';

/**
 * Everything that carries one session's mark now: asked of the engine and of the kernel, and not of what the session believes.
 * A listing that cannot be read would prove nothing, so it throws.
 */
export const listTraces = async ({ docker }: Engine, privileges: Privileges, session: Session): Promise<Trace[]> => {
  const label = `${labels.session}=${session.word}`;
  const bridges = `lhf-${session.owner.nonce}`;
  const [networks, containers, interfaces, ruleset, rules] = await Promise.all([
    listNetworks(docker, label),
    listContainers(docker, label),
    readdir('/sys/class/net'),
    readLines(privileges, ['nft', 'list', 'ruleset']),
    readLines(privileges, ['iptables-save']),
  ]);
  const of = (kind: Trace['kind'], names: readonly string[]): Trace[] => names.map((name) => ({ kind, name }));
  const ours = new RegExp(`lhf[-_](hops_|guard_lhf-)?${session.owner.nonce}`);
  return [
    ...of(
      'network',
      networks.map(({ name }) => name),
    ),
    ...of(
      'container',
      containers.map(({ name }) => name),
    ),
    ...of(
      'interface',
      interfaces.filter((name) => name.startsWith(bridges)),
    ),
    ...of(
      'nftables',
      ruleset.filter((line) => ours.test(line)).map((line) => line.trim()),
    ),
    ...of(
      'iptables',
      rules.filter((line) => line.includes(bridges)),
    ),
  ];
};

// A program that is not installed can have left nothing.
const readLines = async (privileges: Privileges, argv: readonly [string, ...string[]]): Promise<string[]> => {
  const { exitCode, stdout, stderr, failure } = await privileges.run(argv);
  if (exitCode === 0) return stdout.split('\n').filter((line) => line !== '');
  const absent = /ENOENT|command not found/.test(`${failure ?? ''}${stderr}`);
  if (absent) return [];
  throw new Error(`${argv.join(' ')}: ${failure ?? stderr.trim()}`);
};
