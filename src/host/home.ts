import { homedir, userInfo } from 'node:os';

/** This user's home folder; undefined where nobody tells: a container's user may be a number only. */
export const homeFolder = (): string | undefined => {
  try {
    // An empty HOME is none, to the docker command line as well.
    return homedir() || userInfo().homedir || undefined;
  } catch {
    return undefined;
  }
};
