import type { CapturedRequest, RequestMatch } from '../types.ts';

/** Whether a captured request is one that is waited for. Pure. */
export const matches = (
  { method, path, containerPort }: Omit<RequestMatch, 'timeoutMs'>,
  request: Pick<CapturedRequest, 'method' | 'path' | 'containerPort'>,
): boolean =>
  (method === undefined || method.toUpperCase() === request.method) &&
  (path === undefined || matchesPath(path, request.path)) &&
  (containerPort === undefined || containerPort === request.containerPort);

// A pattern with a memory of its last match, as `g` and `y` have, would find every other request only.
const matchesPath = (wanted: string | RegExp, path: string): boolean =>
  typeof wanted === 'string' ? wanted === path : new RegExp(wanted, wanted.flags.replace(/[gy]/g, '')).test(path);

/** What is waited for, in words: `POST /orders on port 80`. */
export const describeMatch = ({ method, path, containerPort }: Omit<RequestMatch, 'timeoutMs'>): string =>
  [
    method?.toUpperCase(),
    path === undefined ? 'request' : String(path),
    containerPort === undefined ? undefined : `on port ${containerPort}`,
  ]
    .filter((part) => part !== undefined)
    .join(' ');
