import { findProgram } from '../command/find-program.ts';

/** Names an image with `node`, `sh`, `tee`, and `nft` or `iptables`, by whose programs a helper container changes the kernel. */
export const toolsImageVariable = 'LOCALHOST_FORWARD_TOOLS_IMAGE';

/**
 * The image that the user names for that. Undefined: the helper container has this host's own programs, since a host with any of them is asked
 * by those, and what is known of it is known of them.
 */
export const toolsImage = (): string | undefined =>
  ['nft', 'iptables'].some((program) => findProgram(program) !== undefined)
    ? undefined
    : process.env[toolsImageVariable] || undefined;
