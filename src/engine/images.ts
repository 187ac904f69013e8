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
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
  return emptyImage;
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
