import { readdir } from 'node:fs/promises';
import { idOfBridge } from '../../../ownership/names.ts';
import { removalOrder, type LeftoverKind, type LeftoverTools, type Mark, type Outcome } from '../../leftover-kind.ts';
import { readRouteLocalnet } from '../../unguarded.ts';
import { privilegesIn } from './programs.ts';

const origin = 'kernel parameters';

/** `route_localnet` of bridges: what a guard has to stand for. It goes with its bridge, and before it where that can be. */
export const openBridges: LeftoverKind = {
  name: origin,
  kind: 'sysctl',
  order: removalOrder.sysctl,
  listedAt: 'a death',
  list: async () => {
    const interfaces = await readdir('/proc/sys/net/ipv4/conf').catch((): string[] => []);
    const bridges = interfaces.filter((name) => idOfBridge(name) !== undefined);
    const on = await Promise.all(bridges.map((bridge) => readRouteLocalnet(bridge)));
    return bridges.filter((_, n) => on[n] === true).map(markOf);
  },
  remove: async (marks, tools) => {
    const failure = await shut(marks, tools);
    const on = await Promise.all(marks.map(({ bridges: [bridge = ''] }) => readRouteLocalnet(bridge)));
    return marks.map((mark, n): Outcome => (on[n] === true ? { mark, failure } : { mark }));
  },
};

const markOf = (bridge: string): Mark => ({
  kind: 'sysctl',
  origin,
  name: `net.ipv4.conf.${bridge}.route_localnet`,
  nonce: bridge.slice('lhf-'.length, 'lhf-'.length + 5),
  session: undefined,
  bridges: [bridge],
});

/** All in one call; a bridge that is gone keeps no other from being shut. */
const shut = async (marks: readonly Mark[], tools: LeftoverTools): Promise<string> => {
  if (marks.length === 0) return '';
  const keys = marks.map(({ bridges: [bridge = ''] }) => `net/ipv4/conf/${bridge}/route_localnet`);
  return (await privilegesIn(tools).setSysctls(keys, '0')) ?? '';
};
