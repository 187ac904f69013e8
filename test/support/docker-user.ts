import { execHere, outputOf, spawnHere, type Spawn } from './run.ts';

/** A user in the group docker, who is in no other: no root, no sudo, no capability. */
const uid = '4243';

/** Starts commands as that user. Where the project lies may be closed to others: reading is all that the one capability kept is for. */
export const asDockerUser = async (): Promise<Spawn> => {
  const group = (await outputOf(execHere, ['getent', 'group', 'docker'])).split(':')[2] ?? '';
  const user = [`--reuid=${uid}`, `--regid=${uid}`, `--groups=${group}`, '--no-new-privs'];
  const mayRead = ['--inh-caps=-all,+dac_read_search', '--ambient-caps=-all,+dac_read_search'];
  const bound = '--bounding-set=-all,+dac_read_search';
  return (argv, options = {}) =>
    spawnHere(['setpriv', ...user, ...mayRead, bound, ...argv], { ...options, env: { HOME: '/tmp', ...options.env } });
};
