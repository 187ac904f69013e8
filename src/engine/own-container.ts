import type Docker from 'dockerode';
import { readProc } from '../ownership/proc.ts';

/** How much of a container's id its owner's mark tells: what the docker command line prints. */
const digits = 12;

/** The container that this process runs in, as a job of CI does that has the engine's socket. */
export interface OwnContainer {
  readonly id: string;
  readonly image: string;
  /** `own`: a network namespace beside the engine's host's, to which networks can be added. `none`: none can. */
  readonly network: 'host' | 'own' | 'none';
}

/** Whether an engine made the surroundings of this process, any engine's. */
export const isInContainer = (): boolean => parseContainerId(readProc('/proc/self/mountinfo') ?? '') !== undefined;

/** The container that this process runs in, where this engine has it; another engine's is none of its business. */
export const findOwnContainer = async (docker: Docker): Promise<OwnContainer | undefined> => {
  const id = parseContainerId(readProc('/proc/self/mountinfo') ?? '');
  if (id === undefined) return undefined;
  return docker
    .getContainer(id)
    .inspect()
    .then(
      ({ Id, Image, HostConfig: { NetworkMode = '' } }) => ({
        id: Id,
        image: Image,
        network: NetworkMode === 'host' || NetworkMode === 'none' ? NetworkMode : 'own',
      }),
      () => undefined,
    );
};

/** A container's id as an owner's mark tells it. */
export const shortId = (id: string): string => id.slice(0, digits);

/** The id in the paths of what an engine mounts into each container of its own, in the text of /proc/self/mountinfo. */
export const parseContainerId = (mountinfo: string): string | undefined =>
  /^\d+ \d+ \S+ \S*\/(?:overlay-)?containers\/([0-9a-f]{64})\/\S* \/etc\/(?:hosts|hostname|resolv\.conf) /m.exec(
    mountinfo,
  )?.[1];

/** What an engine says of a container now. */
export interface ContainerRun {
  /** Known to be removed or ended. Without an answer it may run. */
  readonly isOver: boolean;
  /** Its first process, as the engine's host counts, or 0. */
  readonly pid: number;
}

export const readRun = async (docker: Docker, id: string): Promise<ContainerRun> =>
  docker
    .getContainer(id)
    .inspect()
    .then(
      ({ State }) => ({ isOver: ['exited', 'dead', 'stopped'].includes(State.Status), pid: State.Pid }),
      (error: unknown) => ({ isOver: (error as { statusCode?: unknown }).statusCode === 404, pid: 0 }),
    );
