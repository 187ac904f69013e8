import type Docker from 'dockerode';
import { delay, now } from '../clock.ts';

const lookEveryMs = 20;

/** Takes the containers of a network that have ended off it, as Podman wants it before the network can go. Returns their names. */
export const disconnectEnded = async (docker: Docker, network: string, withinMs: number): Promise<string[]> => {
  const listed = await docker
    .listContainers({ all: true, filters: { network: [network], status: ['exited', 'created'] } })
    .catch(() => []);
  const names = await Promise.all(
    listed.map(async ({ Id, Names }) => {
      await untilCleanedUp(docker, Id, withinMs);
      return docker
        .getNetwork(network)
        .disconnect({ Container: Id, Force: true })
        .then(
          () => [(Names[0] ?? Id).replace(/^\//, '')],
          () => [],
        );
    }),
  );
  return names.flat();
};

/**
 * Podman takes a container that has ended down from its network by a process of its own, a moment later. Disconnected before that, the
 * container is forgotten, and its bridge stays for good. The interface that is Docker's calls it `exited` all the while, Podman's own does not.
 */
export const untilCleanedUp = async (docker: Docker, id: string, withinMs: number): Promise<void> => {
  const until = now() + withinMs;
  while ((await readPodmanStatus(docker, id)) === 'stopped' && now() < until) await delay(lookEveryMs);
};

/** Undefined where it is not to be had: the container has gone, or the engine is another one. */
const readPodmanStatus = ({ modem }: Docker, id: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const request = { path: `/v4.0.0/libpod/containers/${id}/json?`, method: 'GET', statusCodes: { 200: true } };
    modem.dial(request, (error: Error | null, answer?: unknown) => {
      const status = (answer as { State?: { Status?: unknown } } | undefined)?.State?.Status;
      resolve(error === null && typeof status === 'string' ? status : undefined);
    });
  });
