import type { RequestMatch } from '../types.ts';
import { expected, readInteger, readObject, readSafely } from './expect.ts';

/**
 * What `nextRequest()` takes.
 *
 * @throws LHF_ERR_INVALID_OPTION naming the path.
 */
export const parseRequestMatch = (match: unknown): RequestMatch => {
  const { method, path, containerPort, timeoutMs } = readObject('match', match ?? {}, [
    'method',
    'path',
    'containerPort',
    'timeoutMs',
  ]);
  return {
    ...(method === undefined ? {} : { method: readMethod(method) }),
    ...(path === undefined ? {} : { path: readPath(path) }),
    ...(containerPort === undefined
      ? {}
      : { containerPort: readInteger('match.containerPort', containerPort, 1, 65_535) }),
    ...(timeoutMs === undefined
      ? {}
      : { timeoutMs: readInteger('match.timeoutMs', timeoutMs, 0, 600_000, ' milliseconds') }),
  };
};

const readMethod = (value: unknown): string => {
  if (typeof value === 'string' && /^[a-z-]+$/i.test(value)) return value;
  throw expected('match.method', "a method such as 'POST'", value);
};

const readPath = (value: unknown): string | RegExp => {
  // Jest's test files have another RegExp than this package.
  const pattern = readSafely('match.path', () => {
    if (Object.prototype.toString.call(value) !== '[object RegExp]') return undefined;
    const { source, flags } = value as RegExp;
    return new RegExp(source, flags);
  });
  if (pattern !== undefined) return pattern;
  if (typeof value === 'string' && value.startsWith('/') && !value.includes('?')) return value;
  throw expected('match.path', 'a path that begins with / and has no query, or a RegExp', value);
};
