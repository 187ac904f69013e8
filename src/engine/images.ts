import type Docker from 'dockerode';
import { statusOf } from './engine.ts';

/** The image of nothing: what runs in it is mounted from the host. */
const repository = 'localhost-forward/probe';
const tag = 'empty';

/** Two blocks of zeros are an archive without a file. */
const emptyArchive = Buffer.alloc(1024);

/** The name of an image with nothing in it, imported where the engine has none yet: no registry is asked. */
export const ensureEmptyImage = async (docker: Docker): Promise<string> => {
  const name = `${repository}:${tag}`;
  // Looked up first: each import makes a new image and leaves the last one without a name.
  if (await hasImage(docker, name)) return name;
  const stream = await docker.importImage(emptyArchive as unknown as NodeJS.ReadableStream, { repo: repository, tag });
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
  return name;
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
