import type { Finding, Hop } from '../diagnosis.ts';
import type { Evidence } from './evidence.ts';
import { renderAddress } from './words.ts';

/** Each hop of a packet's way with what was seen there. Pure. */
export const describeHops = (seen: Evidence, finding: Finding): Hop[] => {
  const { counts, hostname, gateway, containerPort, protocol } = seen;
  const fine = finding === 'reachable';
  const counted = (name: Hop['name'], packets: number | undefined, detail: string): Hop => ({
    name,
    ok: fine ? true : packets === undefined ? undefined : packets > 0,
    ...(packets === undefined ? {} : { packets }),
    detail,
  });
  const ruleOk = fine
    ? true
    : seen.rulePresent === false || seen.routeLocalnet === false
      ? false
      : finding === 'taken-by-other-rule'
        ? false
        : counts === undefined
          ? seen.rulePresent
          : counts.translated > 0;
  const { listening } = seen;
  return [
    {
      name: 'container',
      ok: seen.ended !== undefined && seen.ended !== 'unresolved',
      detail: `dialled ${hostname} (${gateway}) ${protocol} port ${containerPort}: ${seen.ended ?? seen.probeFailure?.what ?? 'not run'}`,
    },
    finding === 'dropped-before-rule' && counts === undefined && seen.front?.at === 'sidecar'
      ? { name: 'bridge', ok: false, detail: `packets from container to container on ${seen.bridge}` }
      : counted('bridge', counts?.saw, `packets from ${seen.bridge}`),
    {
      name: 'rule',
      ok: ruleOk,
      ...(counts === undefined ? {} : { packets: counts.translated }),
      detail:
        seen.rulePresent === false
          ? 'not there'
          : seen.routeLocalnet === false
            ? 'there, but route_localnet is off'
            : finding === 'taken-by-other-rule'
              ? 'another rule was first'
              : `to ${renderAddress(seen)}`,
    },
    finding === 'firewall-input' && counts === undefined
      ? { name: 'input', ok: false, detail: 'through the filters of INPUT' }
      : counted('input', counts?.inputLate, 'through the filters of INPUT'),
    {
      name: 'service',
      ok: fine ? true : listening,
      detail:
        listening || fine
          ? `listens on ${renderAddress(seen)}`
          : seen.listeners.length === 0
            ? 'nothing listens'
            : `listens on ${seen.listeners.map(({ address }) => address).join(', ')}`,
    },
    counted('reply', counts?.outputEarly, 'answers of the service'),
    isDroppedAfterAll(seen, finding)
      ? { name: 'output', ok: false, detail: 'through the filters of OUTPUT, and no further' }
      : counted('output', counts?.outputLate, 'through the filters of OUTPUT'),
  ];
};

/** Tables of bridges drop behind the last counter. */
const isDroppedAfterAll = ({ counts, drops: [drop] }: Evidence, finding: Finding): boolean =>
  finding === 'firewall-output' && drop?.family === 'bridge' && (counts?.outputLate ?? 0) > 0;
