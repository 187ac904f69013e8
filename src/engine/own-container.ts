import type Docker from 'dockerode';
import { readProc } from '../ownership/proc.ts';

/** How much of a container's id its owner's mark tells: what the docker command line prints. */
const digits = 12;

/** The container that this process runs in, by the start of its id, where this engine has it; another engine's is none of its business. */
export const findOwnContainer = async (docker: Docker): Promise<string | undefined> => {
  const id = parseContainerId(readProc('/proc/self/mountinfo') ?? '');
  if (id === undefined) return undefined;
  return docker
    .getContainer(id)
    .inspect()
    .then(
      () => id.slice(0, digits),
      () => undefined,
    );
};

/** The id in the paths of what an engine mounts into each container of its own, in the text of /proc/self/mountinfo. */
export const parseContainerId = (mountinfo: string): string | undefined =>
  /^\d+ \d+ \S+ \S*\/(?:overlay-)?containers\/([0-9a-f]{64})\/\S* \/etc\/(?:hosts|hostname|resolv\.conf) /m.exec(
    mountinfo,
  )?.[1];

/** Whether a container does not run any more: known to be removed or ended. Without an answer it may run. */
export const isContainerOver = async (docker: Docker, id: string): Promise<boolean> =>
  docker
    .getContainer(id)
    .inspect()
    .then(
      ({ State }) => State.Status === 'exited' || State.Status === 'dead' || State.Status === 'stopped',
      (error: unknown) => (error as { statusCode?: unknown }).statusCode === 404,
    );
