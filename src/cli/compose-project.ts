import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectEngine, sessionOn } from '../engine/engine.ts';
import { makeComposeFolder } from '../strategies/carrier/folders.ts';
import type { LocalhostForward } from '../types.ts';
import { currentFolder, withComposeFile } from './compose-files.ts';

export interface ComposeProject extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Writes the override that puts services on a forward's network, and names it to compose. The folder's name tells its owner: whatever
 * happens to this process, it goes with the forward.
 */
export const openComposeProject = async (
  net: Pick<LocalhostForward, 'bridgeName' | 'privilege' | 'composeOverride'>,
  services: readonly string[],
): Promise<ComposeProject> => {
  const override = net.composeOverride(services);
  const session = sessionOn(await connectEngine(), net.privilege);
  const folder = await makeComposeFolder(net.bridgeName, session.word);
  const file = join(folder, 'localhost-forward.yaml');
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await writeFile(file, override, { mode: 0o600 });
    return {
      env: { COMPOSE_FILE: withComposeFile(file, currentFolder(), process.env) },
      [Symbol.asyncDispose]: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
};
