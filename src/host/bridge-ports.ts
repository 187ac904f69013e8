import { readdir, readFile } from 'node:fs/promises';
import { delay } from '../clock.ts';

/** BR_STATE_FORWARDING of the kernel's if_bridge.h. */
const forwarding = '3';

/** A port that somebody has set down stays so. */
const looks = 500;
const betweenLooksMs = 2;

/**
 * Waits until a bridge and each of its ports pass packets, a second at most. An engine calls a container connected before the kernel has
 * taken in that its link is up, which waits for the lock of all that changes networks: what is sent meanwhile is lost, and ARP asks again a
 * second later. Where the bridge is not to be seen, nothing is known and nothing is waited for.
 */
export const untilBridgePasses = async (
  bridge: string,
  signal: AbortSignal,
  folder = '/sys/class/net',
): Promise<void> => {
  for (let look = 0; look < looks && !signal.aborted && !(await passes(`${folder}/${bridge}`)); look += 1)
    await delay(betweenLooksMs);
};

const passes = async (bridge: string): Promise<boolean> => {
  const read = (file: string): Promise<string | undefined> =>
    readFile(`${bridge}/${file}`, 'utf8').then(
      (text) => text.trim(),
      () => undefined,
    );
  const ports = await readdir(`${bridge}/brif`).catch(() => []);
  const [state, ...states] = await Promise.all([read('operstate'), ...ports.map((port) => read(`brif/${port}/state`))]);
  // What has gone meanwhile holds nobody up.
  return !isDown(state) && states.every((one) => (one ?? forwarding) === forwarding);
};

const isDown = (operstate: string | undefined): boolean => operstate === 'down' || operstate === 'lowerlayerdown';
