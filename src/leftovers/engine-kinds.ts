import { now } from '../clock.ts';
import { FewAtOnce } from '../engine/few-at-once.ts';
import { listContainers, removeContainer } from '../engine/containers.ts';
import { listNetworks, messageOf, removeNetwork } from '../engine/networks.ts';
import { idOfBridge, isNameOfNetwork, labels } from '../ownership/names.ts';
import { parseSession } from '../ownership/owner.ts';
import {
  removalOrder,
  type LeftoverKind,
  type LeftoverTools,
  type Mark,
  type Outcome,
} from '../strategies/leftover-kind.ts';

/** Something that the engine keeps. */
export interface EngineMark extends Mark {
  readonly id: string;
}

/** How many are removed at a time: the engine works on one after the other anyway, and need not wait for us in between. */
export const engineLanes = 4;

/** Networks with our label, if their name and bridge are ours, too: anybody may choose a label. */
export const networks: LeftoverKind<EngineMark> = {
  name: 'docker networks',
  kind: 'network',
  order: removalOrder.network,
  listedAt: 'every opening',
  list: async ({ engine }, session) => {
    const listed = engine === undefined ? [] : await listNetworks(engine.docker, labelOf(session));
    return listed.flatMap(({ id, name, bridge: told, labels: all }) => {
      const bridge = all[labels.bridge] ?? told;
      const isOurs =
        idOfBridge(bridge) !== undefined && isNameOfNetwork(name, bridge) && (told === '' || told === bridge);
      return isOurs && agree(all, { bridge }) ? [markOf('network', { id, name, bridge, all })] : [];
    });
  },
  remove: (marks, tools) =>
    removeEach(marks, tools, async (mark, docker) => (await removeNetwork(docker, mark)).disconnected),
};

/** Our own containers by their label and name: the label alone comes with an image, too. */
export const containers: LeftoverKind<EngineMark> = {
  name: 'docker containers',
  kind: 'container',
  order: removalOrder.container,
  listedAt: 'every opening',
  list: async ({ engine }, session) => {
    const listed = engine === undefined ? [] : await listContainers(engine.docker, labelOf(session));
    return listed.flatMap(({ id, name, labels: all }) =>
      /^lhf-[a-z]+-[0-9a-z-]+$/.test(name) && agree(all)
        ? [markOf('container', { id, name, bridge: all[labels.bridge] ?? '', all })]
        : [],
    );
  },
  remove: (marks, tools) =>
    removeEach(marks, tools, async ({ id }, docker) => {
      await removeContainer(docker, id);
      return [];
    }),
};

/** Whether labels say the same of their owner: a process by its session and its number, and a network by its bridge. */
const agree = (all: Readonly<Record<string, string>>, { bridge }: { readonly bridge?: string } = {}): boolean => {
  const owner = parseSession(all[labels.session] ?? '');
  if (owner === undefined) return true;
  const isOfProcess = (all[labels.owner] ?? String(owner.pid)) === String(owner.pid);
  return isOfProcess && (bridge === undefined || bridge.startsWith(`lhf-${owner.nonce}`));
};

const labelOf = (session: string | undefined): string =>
  session === undefined ? labels.session : `${labels.session}=${session}`;

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly bridge: string;
  readonly all: Readonly<Record<string, string>>;
}

const markOf = (kind: 'network' | 'container', { id, name, bridge, all }: Listed): EngineMark => {
  const session = all[labels.session];
  const created = Date.parse(all[labels.created] ?? '');
  return {
    kind,
    origin: `docker ${kind}s`,
    name,
    id,
    // A container of one session may be on another one's network.
    nonce: parseSession(session ?? '')?.nonce ?? bridge.slice('lhf-'.length, 'lhf-'.length + 5),
    session,
    bridges: bridge === '' ? [] : [bridge],
    ...(Number.isNaN(created) ? {} : { created }),
  };
};

type Docker = NonNullable<LeftoverTools['engine']>['docker'];

const removeEach = async (
  marks: readonly EngineMark[],
  { engine, until = Infinity }: LeftoverTools,
  remove: (mark: EngineMark, docker: Docker) => Promise<readonly string[]>,
): Promise<Outcome<EngineMark>[]> => {
  const lanes = new FewAtOnce(engineLanes);
  const removeOne = async (mark: EngineMark): Promise<Outcome<EngineMark>> => {
    if (engine === undefined) return { mark, failure: 'no engine answers' };
    if (now() > until) return { mark, failure: 'left for the next who looks' };
    try {
      const disconnected = await remove(mark, engine.docker);
      return { mark, ...(disconnected.length === 0 ? {} : { disconnected }) };
    } catch (error) {
      return { mark, failure: messageOf(error) };
    }
  };
  return Promise.all(marks.map((mark) => lanes.run(() => removeOne(mark))));
};
