import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentPlace } from '../support/place.ts';

/** Hundreds of programs start here, and most of their time is reading the same sources. The folder goes with the private engine. */
export const cacheCompilation = (): void => {
  if (currentPlace() !== undefined) process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'compile-cache');
};
