import type { Place } from './place.ts';
import { outputOf } from './run.ts';

/** The real ufw, in a private engine's network and with a configuration of its own. */
export interface Ufw {
  enable(): Promise<void>;
  reload(): Promise<void>;
  disable(): Promise<void>;
  /** Any ufw command, such as `run('allow', '22/tcp')`; returns what it printed. */
  run(...args: readonly string[]): Promise<string>;
}

// Copies lie under the place's private files, and are mounted over the host's for this mount namespace alone. The first
// line refuses to work where the root is the host's own.
const isolate = `
set -e
[ "$(readlink /proc/1/ns/mnt)" = "$(readlink /proc/self/ns/mnt)" ] && mountpoint -q "$1/private"
for path in /etc/ufw /etc/default/ufw /var/lib/ufw; do
  [ -e "$path" ] || continue
  copy="$1/private/ufw$path"
  [ -e "$copy" ] && continue
  mkdir -p "\${copy%/*}"
  cp -a "$path" "$copy"
  mount --bind "$copy" "$path"
done
`;

/** Gives the place a ufw of its own, disabled as the distribution ships it. Needs ufw on the machine. */
export const openUfw = async (place: Place): Promise<Ufw> => {
  await outputOf(place.exec, ['sh', '-c', isolate, 'isolate-ufw', place.directory]);
  const run = (...args: readonly string[]): Promise<string> => outputOf(place.exec, ['ufw', ...args]);
  return {
    // Without --force it asks, and would wait for an answer.
    enable: async () => void (await run('--force', 'enable')),
    reload: async () => void (await run('reload')),
    disable: async () => void (await run('disable')),
    run,
  };
};
