import { findProgram } from '../command/find-program.ts';

/** Names an image with `node`, `sh`, `tee`, and `nft` or `iptables`, by whose programs a helper container changes the kernel. */
export const toolsImageVariable = 'LOCALHOST_FORWARD_TOOLS_IMAGE';

/**
 * The image that is asked, of the one that is named: none where this host has programs of its own, of whatever version, since it is asked by
 * those, and what is known of it is known of them. Pure.
 */
export const chooseToolsImage = (named: string | undefined, has: (program: string) => boolean): string | undefined =>
  ['nft', 'iptables'].some(has) ? undefined : named || undefined;

const known = new Map<string, boolean>();

// Once per process, as the host's facts are: a program that is installed meanwhile is no part of them.
const hasOwn = (program: string): boolean => {
  const has = known.get(program) ?? findProgram(program) !== undefined;
  known.set(program, has);
  return has;
};

/** The one place that decides whose programs a helper container runs: this image's; undefined for this host's own. */
export const toolsImage = (): string | undefined => chooseToolsImage(process.env[toolsImageVariable], hasOwn);
