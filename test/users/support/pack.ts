import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../support/children.ts';
import { execHere, outputOf } from '../../support/run.ts';

const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
  version: string;
  bin: Record<string, string>;
  dependencies: Record<string, string>;
};

/** What the package's manifest names: what it depends on, and the files of its programs. */
export const { dependencies, bin: programsOf } = manifest;

/** The package as npm would publish it, in a folder. */
export const packInto = async (folder: string): Promise<string> => {
  await outputOf(execHere, ['npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', folder], {
    cwd: projectRoot,
  });
  return join(folder, `localhost-forward-${manifest.version}.tgz`);
};
