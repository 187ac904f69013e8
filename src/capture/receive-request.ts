import type { CapturedRequest, LocalhostForward, RequestMatch } from '../types.ts';
import { awaitRequest, type Manner } from './next-request.ts';

/** What an open forward has for matchers. */
interface Receives {
  [awaitRequest](what: string, match: RequestMatch, manner: Manner): Promise<CapturedRequest>;
}

/**
 * A request that a forward's own listener was asked, now or within `timeoutMs`; it stays for `nextRequest()`. For matchers.
 * With `explains: false` an error does not tell whether a container could have come, which takes a probe.
 *
 * @throws LHF_ERR_TIMEOUT telling what did come, and all that `nextRequest()` throws.
 * @example
 * const { body } = await receiveRequest(net, { method: 'POST', path: '/orders', timeoutMs: 1000 });
 */
export const receiveRequest = (
  net: LocalhostForward,
  match: RequestMatch,
  { explains = true }: { explains?: boolean } = {},
): Promise<CapturedRequest> =>
  (net as LocalhostForward & Receives)[awaitRequest]('toHaveReceivedRequest', match, { takes: false, explains });
