import { setTimeout as delay } from 'node:timers/promises';
import Docker from 'dockerode';
import type { Place } from './place.ts';

/**
 * The containers that an engine knows no more and whose shims still run, once what is ending has ended, each with what it was started with
 * where its shim still has that: Docker 20.10 keeps one for good where a container ends by itself while it is killed.
 */
export const findLostShims = async ({ exec, socketPath }: Place): Promise<string[]> => {
  const docker = new Docker({ socketPath });
  // A shim's own folder holds what it was to run.
  const describe = async (id: string): Promise<string> => {
    const script =
      'for p in $(grep -laz "[c]ontainerd-shim" /proc/[0-9]*/cmdline); do ' +
      'if grep -aqz "^$1$" "$p"; then cat "${p%cmdline}cwd/config.json"; fi; done';
    const { stdout } = await exec(['sh', '-c', script, 'describe', id]);
    try {
      const { hostname, process: started } = JSON.parse(stdout) as { hostname: string; process: { args: string[] } };
      return `(${hostname}: ${started.args.join(' ').slice(0, 200)})`;
    } catch {
      return '(nothing is known of it)';
    }
  };
  let lost: string[] = [];
  for (let look = 0; look < 25; look += 1) {
    const { stdout } = await exec([
      'sh',
      '-c',
      'grep -ahz "^[0-9a-f]\\{64\\}$" $(grep -laz "[c]ontainerd-shim" /proc/[0-9]*/cmdline) | tr "\\0" "\\n"',
    ]);
    const shims = stdout.split('\n').filter(Boolean);
    if (shims.length === 0) return [];
    const known = (await docker.listContainers({ all: true })).map(({ Id }) => Id);
    lost = [...new Set(shims)].filter((id) => !known.includes(id));
    if (lost.length === 0) return [];
    await delay(200);
  }
  return Promise.all(lost.map(async (id) => `${id} ${await describe(id)}`));
};
