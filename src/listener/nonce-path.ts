/** The path under which the temporary listener tells a probe its nonce and the address it was called from. */
export const noncePath = (nonce: string): string => `/.well-known/localhost-forward/${nonce}`;
