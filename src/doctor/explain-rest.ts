import type { Step } from '../strategies/told.ts';
import type { Privilege, Strategy } from '../types.ts';

const asks = (steps: readonly Step[], by: Step['by'], call = ''): boolean =>
  steps.some((step) => step.by === by && step.call.includes(call));

/** Who undoes what where the process dies, by what was done. */
export const describeDeath = (
  opening: readonly Step[],
  { bridge, privilege }: { readonly strategy: Strategy; readonly bridge: string; readonly privilege: Privilege },
): string[] => {
  const rules = opening.filter(({ by }) => by === 'nft').flatMap(({ lines }) => lines);
  const tables = rules.flatMap((line) => /^(?:create|add) table ip (\w+)/.exec(line)?.[1] ?? []);
  const holder = privilege === 'container' ? 'the helper container' : 'a detached shell of ours';
  return [
    ...(asks(opening, 'sysctl')
      ? [`${holder}, at once: route_localnet of ${bridge} = 0; its other parameters go with it`]
      : []),
    ...tables.map((table) =>
      rules.some((line) => line.includes(`table ip ${table} {`) && line.includes('flags owner'))
        ? `the kernel, at once: table ip ${table}, whose owner is gone`
        : `the guardian, once the bridge is gone: table ip ${table}`,
    ),
    ...(asks(opening, 'iptables') ? [`${holder}, at once: the chains of iptables`] : []),
    ...(asks(opening, 'program') ? ['the guardian: rules in chains of others, by their mark'] : []),
    ...(asks(opening, 'process', 'listen') ? ['the kernel, at once: the sockets that this process listens on'] : []),
    ...(asks(opening, 'process', 'ssh')
      ? ['the container itself, at once: what it listens on, since it ends with its input']
      : []),
    ...(asks(opening, 'process', 'mkdir') ? ['the guardian: the folder of sockets'] : []),
    'the guardian: containers and networks of the session',
    'what none of them could: the next opening, or localhost-forward sweep',
  ];
};

/** What of all that some strategy installs or changes is not among the steps. */
export const listOmitted = (opening: readonly Step[]): string[] => [
  ...(asks(opening, 'nft') ? [] : ['no nftables table']),
  ...(asks(opening, 'iptables') ? [] : ['no iptables rule']),
  ...(asks(opening, 'program') ? [] : ['no rule in a chain of others']),
  ...(asks(opening, 'sysctl') ? [] : ['no kernel parameter']),
  ...(asks(opening, 'process', 'listen') ? [] : ['no socket of this process on the network']),
  ...(asks(opening, 'engine', '/containers/create') ? [] : ['no container']),
];
