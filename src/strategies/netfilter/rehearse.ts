import type { CommandResult } from '../../command/run.ts';
import type { Obstacle, Tools } from '../strategy.ts';
import { probeOn } from './probe-on.ts';
import { elementsOf, tableNamesOf, renderChange, renderGuardTable, renderOwnedTable } from './tables/rules.ts';
import { renderRequest } from './tables/read-answer.ts';
import { rehearseRouteLocalnet } from './route-localnet.ts';

/** Names that no process has: a rehearsal meets nobody's rules. */
export const rehearsed = { nonce: 'tried', bridge: 'lhf-triedout', session: 'rehearsal' } as const;

const port = { protocol: 'tcp', containerPort: 80, targetPort: 80 } as const;

export const rehearsedPorts = { ports: [port], probe: probeOn('198.18.0.0/28', []) };

/** What neither strategy of netfilter can do without: its bridges' `route_localnet`. Changes nothing. */
export const rehearseBridge = ({ privileges }: Tools): Promise<Obstacle | undefined> =>
  rehearseRouteLocalnet(privileges);

/** Has nft, and the kernel by it, check the tables of an opening, which are not put in. Resolves to what was said against them. */
export const rehearseTables = async ({ privileges }: Pick<Tools, 'privileges'>): Promise<string> => {
  const tables = tableNamesOf(rehearsed.nonce, rehearsed.session);
  const elements = elementsOf(tables, rehearsed.bridge, { ...rehearsedPorts, translates: true });
  const commands = [
    ...renderGuardTable(tables, { replaces: true }),
    ...renderOwnedTable(tables),
    ...renderChange(tables, new Map(), elements),
  ];
  const { request, read } = renderRequest(commands.join('; '), 'sync_rehearsal', { isFirst: true });
  const checked = await privileges.run(['nft', '-i', '-c'], { input: request });
  return read(checked.stderr)?.answer.refusal ?? wordsOf(checked, 'nft -i');
};

/** What a program that did not do its work had to say. */
export const wordsOf = ({ stderr, failure, exitCode }: CommandResult, name: string): string =>
  failure === undefined ? stderr.trim() || `${name} ended with ${exitCode}` : `${name} ${failure}`;

/** The first line of some words as what stands in the way; nothing where there are none. */
export const obstacleOf = (words: string): Obstacle | undefined =>
  words === '' ? undefined : { what: words.replace(/^(?:Error: )+/, '').split('\n')[0] ?? words };
