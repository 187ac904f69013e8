import type { Lent } from '../../host/facts.ts';

/** What is to be said of the image that was to stand in for a tool of this host, and does not. Pure. */
export const describeLent = (lent: Lent | undefined): string =>
  lent === undefined ? '' : `, nor in the image ${lent.image}${lent.trouble === undefined ? '' : `: ${lent.trouble}`}`;
