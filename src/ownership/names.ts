import { wallClock } from '../clock.ts';
import { parseSession } from './owner.ts';

/** The names and marks by which everything that a run creates can be recognised. */

/** Docker labels. */
export const labels = {
  session: 'localhost-forward.session',
  owner: 'localhost-forward.owner',
  created: 'localhost-forward.created',
  bridge: 'localhost-forward.bridge',
  /** The ports that it was opened with, as `8088:80/tcp` (host:container), apart by spaces. */
  ports: 'localhost-forward.ports',
} as const;

/** The labels of what belongs to a bridge and an owner. */
export const renderLabels = (bridge: string, session: string): Record<string, string> => ({
  [labels.session]: session,
  [labels.owner]: String(process.pid),
  [labels.created]: new Date(wallClock()).toISOString(),
  [labels.bridge]: bridge,
});

/** What marks tell of a port. */
export interface MarkedPort {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp';
}

/** A port as its label tells it. */
export const renderPort = ({ hostPort, containerPort, protocol }: MarkedPort): string =>
  `${hostPort}:${containerPort}/${protocol}`;

/** What a label tells of ports; what cannot be read is left out. */
export const parsePortsLabel = (text: string): MarkedPort[] =>
  [...text.matchAll(/(?:^| )(\d{1,5}):(\d{1,5})\/(tcp|udp)(?= |$)/g)].map(([, host, container, protocol]) => ({
    hostPort: Number(host),
    containerPort: Number(container),
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
  }));

/** What makes a network's name the last one by the alphabet, as good as always. */
const last = 'zz-';

export interface NamesOptions {
  /**
   * Whether the container of a job joins the network. Engines before 28 give a container's default route to the first of its networks by
   * their names, and it is to stay where it is. Default: false.
   */
  readonly isJoined?: boolean;
}

/** All names of one forward, from its id: eight characters, the first five its process's nonce. */
export const namesOf = (id: string, { isJoined = false }: NamesOptions = {}) => {
  const bridge = `lhf-${id}`;
  return {
    bridge,
    network: isJoined ? `${last}${bridge}` : bridge,
    hopsTable: `lhf_hops_${id}`,
    chain: `LHF-${bridge}`,
    keeper: `lhf-keeper-${id}`,
    tunnel: `lhf-tunnel-${id}`,
    probe: (nth: string) => `lhf-probe-${id}-${nth}`,
  } as const;
};

export type Names = ReturnType<typeof namesOf>;

/** Whether a network's name is one that we would give it for its bridge. */
export const isNameOfNetwork = (name: string, bridge: string): boolean =>
  name === bridge || name === `${last}${bridge}`;

/** Whether a network's name is one that we give. */
export const isNameOfOurs = (network: string): boolean => idOfBridge(network.replace(last, '')) !== undefined;

const bridgePattern = /^lhf-([0-9a-z]{8})$/;

/** The id behind a bridge's name, or undefined where the name is none of ours. */
export const idOfBridge = (bridge: string): string | undefined => bridgePattern.exec(bridge)?.[1];

/** The mark on rules and tables: `lhf:<bridge>:<session>`, or with the nonce where it is of all bridges of a session. */
export const renderMark = (bridge: string, session: string): string => `lhf:${bridge}:${session}`;

const markPattern = /^lhf:(?<of>lhf-[0-9a-z]{8}|[0-9a-z]{5}):(?<session>[0-9a-z-]+)$/;

/** What a mark says: the nonce of its owner, its session word, and the bridge where it is of one. */
export interface ParsedMark {
  readonly nonce: string;
  readonly session: string;
  readonly bridge: string | undefined;
}

/** The mark that a comment is, all of it. One whose parts do not agree is none. */
export const parseMark = (text: string): ParsedMark | undefined => {
  const parts = markPattern.exec(text)?.groups as Record<'of' | 'session', string> | undefined;
  if (parts === undefined) return undefined;
  const { of, session } = parts;
  const id = idOfBridge(of);
  const nonce = id?.slice(0, 5) ?? of;
  const owner = parseSession(session);
  if (owner !== undefined && owner.nonce !== nonce) return undefined;
  return { nonce, session, bridge: id === undefined ? undefined : of };
};
