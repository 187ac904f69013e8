import { execFileSync } from 'node:child_process';
import { projectRoot } from './children.ts';

/** Programs of these tests import the package by its name, which is dist: one that is older than its sources would prove nothing of them. */
export const setup = (): void => {
  // A whole run asked before it began: who goes on writing meanwhile ends none of its parts.
  if (process.env['LHF_BUILD_IS_FRESH'] === '1') return;
  const sources = ['src', 'adapters', 'tsdown.config.ts', 'package.json'];
  const newer = execFileSync('find', [...sources, '-newer', 'dist/index.js', '-type', 'f'], {
    cwd: projectRoot,
    encoding: 'utf8',
  });
  const [first] = newer.split('\n');
  if (first !== '') throw new Error(`dist is older than ${first}. Try: npm run build`);
};
