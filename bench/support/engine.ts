import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { outputOf } from './machine.ts';
import { runWord } from './run-word.ts';

export const docker = new Docker();

/** The table of nft that a bench has for a bare bridge. */
export const tableOf = (bridge: string): string => bridge.replaceAll('-', '_');

/** How the names of a run's folders of temporary files begin. */
export const folderOf = (word: string): string => `lhf-bench-${word}-`;

/** The label of all that a bench creates by itself. */
const label = 'localhost-forward-bench';
export const ownLabels = (): Record<string, string> => ({ [label]: runWord() });

export const emptyImage = 'localhost-forward-bench:empty';

export interface BareNetwork {
  readonly name: string;
  readonly gateway: string;
  remove(): Promise<void>;
}

// No name may start with lhf-, or the product's rules for its own bridges would meet them.
const prefix = `bench-${Math.random().toString(36).slice(2, 6)}`;
const subnets = 4096;
let made = Math.floor(Math.random() * subnets);

/** A network of the kind that a forward needs, and nothing else: what the engine itself costs. */
export const createBare = async (): Promise<BareNetwork> => {
  for (;;) {
    made += 1;
    const name = `${prefix}-${made % 10_000}`;
    const place = made % subnets;
    const [third, fourth] = [Math.floor(place / 16), (place % 16) * 16];
    const gateway = `198.19.${third}.${fourth + 1}`;
    try {
      const network = await docker.createNetwork({
        Name: name,
        Driver: 'bridge',
        CheckDuplicate: true,
        IPAM: { Driver: 'default', Config: [{ Subnet: `198.19.${third}.${fourth}/28`, Gateway: gateway }] },
        Options: { 'com.docker.network.bridge.name': name },
        Labels: ownLabels(),
      });
      return { name, gateway, remove: async () => void (await network.remove()) };
    } catch (error) {
      if (!/overlaps/i.test(String(error))) throw error;
    }
  }
};

/** Removes what a run's label is on, and the image. */
export const removeOwn = async (word: string): Promise<void> => {
  const filters = { label: [`${label}=${word}`] };
  const containers = await docker.listContainers({ all: true, filters });
  await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })));
  const networks = await docker.listNetworks({ filters });
  // Of a bench that was killed: the recipe's rule is named after its bridge.
  await Promise.all(networks.map(({ Name }) => outputOf('nft', 'delete', 'table', 'ip', tableOf(Name))));
  await Promise.all(networks.map(({ Id }) => docker.getNetwork(Id).remove()));
  const folders = (await readdir(tmpdir())).filter((name) => name.startsWith(folderOf(word)));
  await Promise.all(folders.map((name) => rm(join(tmpdir(), name), { recursive: true })));
  // Another bench may be using it.
  await docker
    .getImage(emptyImage)
    .remove()
    .catch(() => undefined);
};
