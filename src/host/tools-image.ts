/** Names an image with `node`, `sh`, `tee`, and `nft` or `iptables`, by whose programs a helper container changes the kernel. */
export const toolsImageVariable = 'LOCALHOST_FORWARD_TOOLS_IMAGE';

/** The image that the user names for that. Undefined: the helper container has this host's own programs. */
export const toolsImage = (): string | undefined => process.env[toolsImageVariable] || undefined;
