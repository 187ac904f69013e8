import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { renderEmptyImage } from './empty-image.ts';
import { statusOf } from './engine.ts';

/** The image of nothing: what runs in it is mounted from the host. */
const emptyImage = 'localhost-forward/probe:empty';

/** The name of an image with nothing in it, loaded where the engine has none yet: no registry is asked. */
export const ensureEmptyImage = async (docker: Docker): Promise<string> => {
  if (await hasImage(docker, emptyImage)) return emptyImage;
  const stream = await docker.loadImage(Readable.from([renderEmptyImage(emptyImage)]));
  await followToEnd(docker, stream, `loading ${emptyImage}`);
  return emptyImage;
};

const followToEnd = (docker: Docker, stream: NodeJS.ReadableStream, what: string): Promise<void> =>
  new Promise((resolve, reject) => {
    // A failure is an event among others: the answer's status was sent before it.
    docker.modem.followProgress(stream, (error: Error | null, events: { error?: string }[] | undefined) => {
      const said = events?.find((event) => event.error !== undefined)?.error;
      const failure = error ?? (said === undefined ? undefined : new Error(`${what}: ${said}`));
      if (failure === undefined) resolve();
      else reject(failure);
    });
  });

/** Makes sure that the engine has an image: it fetches what it lacks itself. @throws Error with the engine's words */
export const ensureImage = async (docker: Docker, name: string): Promise<void> => {
  if (await hasImage(docker, name)) return;
  await followToEnd(docker, await docker.pull(name), `pulling ${name}`);
};

/** Whether the engine has an image. */
export const hasImage = async (docker: Docker, name: string): Promise<boolean> => {
  try {
    await docker.getImage(name).inspect();
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
};
