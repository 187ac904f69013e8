import { LocalhostForwardError } from '../errors.ts';

/** The first that has all that is used here, as `engines` in package.json says it. */
const oldest = '22.12';

/**
 * Says so where this Node is too old, since npm only warns of it, and what failed then would name a function that nobody here knows.
 *
 * @throws LHF_ERR_SYSTEM
 */
export const assertNode = (version: string = process.versions.node): void => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number);
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new LocalhostForwardError('LHF_ERR_SYSTEM', {
    what: `This is Node ${version}, and localhost-forward needs ${oldest} or later`,
    try: 'nvm install 24',
  });
};
