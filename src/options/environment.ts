import { LocalhostForwardError } from '../errors.ts';
import { nearestOf } from './expect.ts';

const prefix = 'LOCALHOST_FORWARD_';

/** What a user can set. */
const settable = ['STRATEGY', 'PRIVILEGE', 'FIREWALL', 'PROBE_IMAGE', 'SUBNET_POOL', 'TUNNEL_IMAGE', 'TOOLS_IMAGE'];
/** What we set ourselves, for commands that run beside a forward and for programs of ours. */
const told = ['NETWORK', 'HOST', 'GATEWAY', 'PORTS', 'URL', 'ENGINE', 'PRIVILEGES', 'WORDS'];

/**
 * Refuses a variable of ours that is nearly one that can be set: it would be passed over without a word. Any other name with our prefix is
 * somebody's own.
 *
 * @throws LHF_ERR_INVALID_OPTION naming both.
 */
export const refuseMisspelt = (env: NodeJS.ProcessEnv): void => {
  for (const [name, value] of Object.entries(env)) {
    const word = name.slice(prefix.length);
    if (!name.startsWith(prefix) || value === undefined || value === '') continue;
    if (settable.includes(word) || told.includes(word)) continue;
    const nearest = nearestOf(word, settable);
    if (nearest !== undefined)
      throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
        what: `Unknown environment variable \`${name.slice(0, 80)}\`. Did you mean \`${prefix}${nearest}\`?`,
      });
  }
};
