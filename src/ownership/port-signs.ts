import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { cutModes, type CutMode } from '../faults.ts';
import { parsePortsLabel, renderPort, type MarkedPort } from './names.ts';

/*
 * What came and went after a network was made, and what is cut, cannot be told by its labels, which an engine never changes. A socket
 * without a file tells it: its name, in the kernel's list of sockets, says the port, and it goes with its process, whatever ends that.
 * Nobody dials it.
 */

/** A port as it is now. */
type ShownPort = MarkedPort & { readonly isThere: boolean; readonly cut?: CutMode | undefined };

const family = 'localhost-forward';

/** Each sign is a file descriptor of the user's process, so that there are so many at most. */
const mostSigns = 64;

/**
 * Stands while all is told, from the opening on. It goes where a sign cannot be had: to take one down needs no descriptor, and to put up one
 * that says so might find none left.
 */
const all = 'all';

/** A forward's later ports and its cuts, for whoever looks at it from another process. Where no such sockets are to be had, nothing is told. */
export class PortSigns {
  readonly #bridge: string;
  readonly #first: ReadonlySet<string>;
  readonly #shown = new Map<string, Server>();
  readonly #begun: Promise<unknown>;

  /** `first` are the ports that the network's label tells. */
  constructor(bridge: string, first: Iterable<MarkedPort>) {
    this.#bridge = bridge;
    this.#first = new Set([...first].map(renderPort));
    this.#begun = this.#putUp(all);
  }

  /**
   * Tells what differs now, given the ports that changed: others cost nothing, however many there are. Throws nothing: it is there to be
   * looked at, and no change of ports fails for it.
   */
  async show(changed: readonly ShownPort[]): Promise<void> {
    await this.#begun;
    for (const [sign, isWanted] of changed.flatMap((port) => this.#signsOf(port))) await this.#set(sign, isWanted);
  }

  /** All that can be said of a port, and whether it is so. */
  #signsOf(port: ShownPort): [sign: string, isWanted: boolean][] {
    const { isThere, cut, protocol, containerPort } = port;
    const name = renderPort(port);
    const isFirst = this.#first.has(name);
    return [
      [`+${name}`, isThere && !isFirst],
      [`-${name}`, !isThere && isFirst],
      ...cutModes.map((mode): [string, boolean] => [`${mode}:${containerPort}/${protocol}`, isThere && mode === cut]),
    ];
  }

  async close(): Promise<void> {
    await this.#begun;
    await Promise.all([...this.#shown.keys()].map((sign) => this.#takeDown(sign)));
  }

  async #set(sign: string, isWanted: boolean): Promise<void> {
    if (isWanted === this.#shown.has(sign)) return;
    if (!isWanted) await this.#takeDown(sign);
    else if (this.#shown.size >= mostSigns || !(await this.#putUp(sign))) await this.#takeDown(all);
  }

  /** Whether it stands: it cannot where no descriptors are left, nor under Node's --permission. */
  async #putUp(sign: string): Promise<boolean> {
    if (process.platform !== 'linux') return false;
    const server = createServer((socket) => socket.destroy()).unref();
    try {
      server.listen({ exclusive: true, path: `\0${family}/${this.#bridge}/${sign}` });
      await once(server, 'listening');
      this.#shown.set(sign, server);
      return true;
    } catch {
      return false;
    }
  }

  #takeDown(sign: string): Promise<void> {
    const server = this.#shown.get(sign);
    this.#shown.delete(sign);
    return new Promise((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  }
}

/** What signs say of a forward's ports, given those of its label; undefined where they do not say all, or its process cannot be looked at from here. */
export const readPortSigns = async (
  bridge: string,
  pid: number,
  first: readonly MarkedPort[],
): Promise<MarkedPort[] | undefined> => {
  const signs = await readSigns(bridge, pid);
  if (signs?.includes(all) !== true) return undefined;
  const gone = new Set(signs.filter((sign) => sign.startsWith('-')).map((sign) => sign.slice(1)));
  const came = signs.filter((sign) => sign.startsWith('+')).flatMap((sign) => parsePortsLabel(sign.slice(1)));
  // The kernel lists sockets in no order.
  came.sort((a, b) => a.containerPort - b.containerPort || a.protocol.localeCompare(b.protocol));
  return [...first.filter((port) => !gone.has(renderPort(port))), ...came];
};

/** How a port of a forward is cut on purpose, as its process says. `pidOf` tells that process, and is asked where anybody says something. */
export const readCuts = async (
  bridge: string,
  pidOf: () => Promise<number | undefined>,
): Promise<(port: Pick<MarkedPort, 'containerPort' | 'protocol'>) => CutMode | undefined> => {
  const anybody = await listSigns(bridge).catch(() => []);
  const signs = new Set(anybody.some(({ sign }) => sign !== all) ? await readSigns(bridge, await pidOf()) : []);
  return ({ containerPort, protocol }) => cutModes.find((cut) => signs.has(`${cut}:${containerPort}/${protocol}`));
};

const readSigns = async (bridge: string, pid: number | undefined): Promise<string[] | undefined> => {
  try {
    const signs = await listSigns(bridge);
    if ((await readlink(`/proc/${pid}/ns/net`)) !== (await readlink('/proc/self/ns/net'))) return undefined;
    // A name can be anybody's: only the owner's own sockets are believed.
    const own = signs.length === 0 ? new Set<string>() : await socketsOf(pid);
    return signs.filter(({ inode }) => own.has(inode)).map(({ sign }) => sign);
  } catch {
    return undefined;
  }
};

const listSigns = async (bridge: string): Promise<{ inode: string; sign: string }[]> => {
  // A label may say anything.
  if (!/^lhf-[0-9a-z]+$/.test(bridge)) return [];
  const list = await readFile('/proc/self/net/unix', 'utf8');
  const pattern = new RegExp(String.raw`(\d+) @${family}/${bridge}/(\S+)$`, 'gm');
  return [...list.matchAll(pattern)].map(([, inode = '', sign = '']) => ({ inode, sign }));
};

const socketsOf = async (pid: number | undefined): Promise<Set<string>> => {
  const folder = `/proc/${pid}/fd`;
  const links = await Promise.all(
    (await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => '')), // one that was closed meanwhile
  );
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
};
