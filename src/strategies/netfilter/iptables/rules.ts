import type { Names } from '../../../ownership/names.ts';
import { renderMark } from '../../../ownership/names.ts';
import { probeAddressOf } from '../../../proof/probe-address.ts';

import type { RulesPlan, Translation } from '../../strategy.ts';

/*
 *  container ──▶ raw PREROUTING ──▶ LHF-<bridge>  drops whatever is written to 127/8, counts what comes for us
 *            ──▶ nat PREROUTING ──▶ LHF-<bridge>  a local address and a named port? then 127.0.0.1:<host port>
 */

/** Guard and translations as one input of `iptables-restore --noflush`: each table goes in whole or not at all, the guard first. */
export const renderRestore = (plan: RulesPlan): string[] =>
  (['raw', 'nat'] as const).flatMap((table) => renderTable(table, plan, { hasJump: false }));

/** One table's part; `hasJump` where the jump survived what took the rest. */
export const renderTable = (
  table: 'raw' | 'nat',
  { names, session, ports }: RulesPlan,
  { hasJump }: { hasJump: boolean },
): string[] => {
  const mark = `-i ${names.bridge} -m comment --comment "${renderMark(names.bridge, session)}" -j ${names.chain}`;
  const jump = table === 'raw' ? mark : `-m addrtype --dst-type LOCAL ${mark}`;
  const guard = [`-A ${names.chain} -d 127.0.0.0/8 -j DROP`, `-A ${names.chain} -s 127.0.0.0/8 -j DROP`];
  return [
    `*${table}`,
    `:${names.chain} - [0:0]`,
    ...(table === 'raw' ? guard : []),
    ...ports.flatMap((port) =>
      table === 'raw' ? [renderTraffic('-A', names, port)] : renderTranslations('-A', names, port),
    ),
    ...(hasJump ? [] : [`-I PREROUTING 1 ${jump}`]),
    'COMMIT',
  ];
};

export const renderAddPort = (names: Names, port: Translation): string[] => [
  '*raw',
  renderTraffic('-A', names, port),
  'COMMIT',
  '*nat',
  ...renderTranslations('-A', names, port),
  'COMMIT',
];

export const renderRemovePort = (names: Names, port: Translation): string[] => [
  '*nat',
  ...renderTranslations('-D', names, port),
  'COMMIT',
  '*raw',
  renderTraffic('-D', names, port),
  'COMMIT',
];

type Verb = '-A' | '-D';

// Hits are the user's: what our own proof sends is known by its hardware address.
const renderTraffic = (verb: Verb, names: Names, port: Translation): string =>
  `${verb} ${names.chain} -p ${port.protocol} -m addrtype --dst-type LOCAL -m mac ! --mac-source ${probeAddressOf(names.bridge)} -m ${port.protocol} --dport ${port.containerPort}`;

const renderTranslations = (verb: Verb, names: Names, port: Translation): string[] => {
  const rule = (whose: string): string =>
    `${verb} ${names.chain} -p ${port.protocol} ${whose} --mac-source ${probeAddressOf(names.bridge)} -m ${port.protocol} --dport ${port.containerPort} -j DNAT --to-destination 127.0.0.1:${port.targetPort}`;
  return [rule('-m mac !'), rule('-m mac')];
};
