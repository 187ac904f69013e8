import type { Socket } from 'node:net';
import { PassThrough, type Duplex, type Readable } from 'node:stream';
import type Docker from 'dockerode';
import { within } from '../clock.ts';
import { doubt } from './doubtful.ts';
import { ignoreGone, statusOf } from './engine.ts';
import { labelsOf } from './labels.ts';
import { wholeLines } from './whole-lines.ts';

export interface ListedContainer {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Containers, stopped ones too, that carry a label. */
export const listContainers = async (docker: Docker, label: string): Promise<ListedContainer[]> => {
  const listed = await docker.listContainers({ all: true, filters: { label: [label] } });
  return listed.map(({ Id, Names, Labels }) => ({
    id: Id,
    name: (Names[0] ?? Id).replace(/^\//, ''),
    labels: labelsOf(Labels),
  }));
};

/** How often an engine is asked for one removal. */
const mostRemovals = 5;

/** How long a removal that is under way already is waited for, in milliseconds. */
const underWayMs = 60_000;

/**
 * Removes a container, running or not; one that is gone or going already is what was wanted. An engine that writes down how a container
 * ended while it removes its folder says that the folder is not empty, and is asked again: it goes the next time (Docker 20.10).
 */
export const removeContainer = async (docker: Docker, id: string, asked = 1): Promise<void> => {
  try {
    await docker.getContainer(id).remove({ force: true, v: true });
  } catch (error) {
    if (statusOf(error) === 404) return;
    if (statusOf(error) === 500 && asked < mostRemovals && /unable to remove filesystem/.test(String(error)))
      return removeContainer(docker, id, asked + 1);
    if (statusOf(error) !== 409) throw error;
    // Its removal is under way, by the engine itself or by somebody else: gone is what was wanted.
    const gone = docker
      .getContainer(id)
      .wait({ condition: 'removed' })
      .catch(ignoreGone)
      .then(() => true);
    if ((await within(underWayMs, gone)) === undefined)
      throw new Error(`the engine has been removing container ${id} for ${underWayMs / 1000} s`, { cause: error });
  }
};

/** Containers on a network, with all their IPv4 addresses, on other networks too. */
export const listAttached = async (
  docker: Docker,
  networkId: string,
): Promise<(ListedContainer & { addresses: string[] })[]> => {
  const listed = await docker.listContainers({ filters: { network: [networkId] } });
  return listed.map(({ Id, Names, Labels, NetworkSettings }) => ({
    id: Id,
    name: (Names[0] ?? Id).replace(/^\//, ''),
    labels: labelsOf(Labels),
    addresses: Object.values(NetworkSettings?.Networks ?? {}).map(({ IPAddress }) => IPAddress),
  }));
};

/**
 * The container that has an address on a network though the engine does not list it yet: it lists one that runs when its start is over,
 * and its program may have called by then. What it knows of the container it says when that is so.
 */
export const findStarting = async (
  docker: Docker,
  networkId: string,
  address: string,
): Promise<ListedContainer | undefined> => {
  try {
    const { Containers } = (await docker.getNetwork(networkId).inspect()) as {
      Containers?: Record<string, { IPv4Address?: string }> | null;
    };
    const endpoints = Object.entries(Containers ?? {});
    const [found] = endpoints.filter(([, { IPv4Address = '' }]) => IPv4Address.split('/')[0] === address);
    // An endpoint without a container is named ep-….
    if (found === undefined || found[0].startsWith('ep-')) return undefined;
    const { Id, Name, Config } = await docker.getContainer(found[0]).inspect();
    return { id: Id, name: Name.replace(/^\//, ''), labels: labelsOf(Config.Labels) };
  } catch (error) {
    ignoreGone(error);
    return undefined;
  }
};

/** Each TCP port of its host that an engine leads to some container. */
export const listPublishedPorts = async (docker: Docker): Promise<number[]> => {
  const listed = await docker.listContainers();
  return listed.flatMap(({ Ports }) =>
    Ports.flatMap(({ Type, PublicPort }) => (Type === 'tcp' && PublicPort !== undefined ? [PublicPort] : [])),
  );
};

/** The name of the running container to which an engine leads a TCP port of its host's 127.0.0.1. */
export const findPublisher = async (docker: Docker, port: number): Promise<string | undefined> => {
  const listed = await docker.listContainers();
  const publishes = ({ Ports }: Docker.ContainerInfo): boolean =>
    Ports.some(
      ({ Type, PublicPort, IP }) =>
        Type === 'tcp' && PublicPort === port && ['127.0.0.1', '0.0.0.0', '', undefined].includes(IP),
    );
  const publisher = listed.find(publishes);
  return publisher && (publisher.Names[0] ?? publisher.Id).replace(/^\//, '');
};

/** A container that is there but not running, with its input and output attached from the first byte on. */
export interface PipedContainer {
  readonly id: string;
  start(): Promise<void>;
  readonly output: Readable;
  /** Its standard input, which ends with this process, however that ends. */
  readonly input: Duplex;
  /** What it wrote to standard error so far. */
  stderr(): string;
  /** Whether its input and output keep this process alive. Default: they do. */
  keepAlive(wanted: boolean): void;
  remove(): Promise<void>;
}

/** One that is spoken to by lines. */
export interface AttachedContainer extends Omit<PipedContainer, 'input' | 'output'> {
  /** Lines of standard output, until the container ends. */
  readonly lines: AsyncIterable<string>;
  send(line: string): void;
}

/** Creates a container and attaches to its input and output, by lines. Nothing stays where that fails. */
export const createAttached = async (
  docker: Docker,
  options: Docker.ContainerCreateOptions,
): Promise<AttachedContainer> => {
  const { input, output, ...container } = await createPiped(docker, options);
  return { ...container, lines: wholeLines(output), send: (line) => void input.write(`${line}\n`) };
};

/** The same, by bytes. */
export const createPiped = async (docker: Docker, options: Docker.ContainerCreateOptions): Promise<PipedContainer> => {
  const wish = { AttachStdin: true, AttachStdout: true, AttachStderr: true, OpenStdin: true, StdinOnce: true };
  const container = await docker.createContainer({ ...options, ...wish }).catch((error: unknown) => {
    // No answer is no refusal: the engine may have made it, or be about to.
    if (statusOf(error) === undefined && options.name !== undefined)
      doubt(docker, { kind: 'container', name: options.name });
    throw error;
  });
  let input: NodeJS.ReadWriteStream | undefined;
  const remove = async (): Promise<void> => {
    try {
      // Before its input ends: of a container that ends by itself while it is killed, Docker 20.10 leaves the shim behind for good.
      await removeContainer(docker, container.id);
    } finally {
      input?.end();
    }
  };
  try {
    const stream = await attachTo(docker, container.id);
    input = stream;
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    let complaints = '';
    stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    docker.modem.demuxStream(stream, stdout, stderr);
    stream
      .on('end', () => stdout.end())
      .on('close', () => stdout.end())
      .on('error', () => stdout.end());
    const start = async (): Promise<void> => void (await container.start());
    const keepAlive = (wanted: boolean): void => {
      // A transport of the user's need not be a socket.
      const socket = stream as Partial<Pick<Socket, 'ref' | 'unref'>>;
      if (wanted) socket.ref?.();
      else socket.unref?.();
    };
    return { id: container.id, start, input: stream, output: stdout, stderr: () => complaints, keepAlive, remove };
  } catch (error) {
    await remove().catch(() => undefined);
    throw error;
  }
};

// As dockerode's own attach does it, without a body: that repeats the query there, and Podman takes it for the first that is typed.
const attachTo = ({ modem }: Docker, id: string): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const request = {
      path: `/containers/${id}/attach?`,
      method: 'POST',
      isStream: true,
      hijack: true,
      file: Buffer.alloc(0),
      headers: { 'Content-Type': 'text/plain' },
      statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
      options: { stream: true, stdin: true, stdout: true, stderr: true },
    };
    modem.dial(request, (error: Error | null, stream?: unknown) => {
      if (error === null) resolve(stream as Duplex);
      else reject(error);
    });
  });

/** The address is another endpoint's on this network. */
export class AddressTaken extends Error {}

/** Joins a running container to a network, with an address of the caller's choice. @throws AddressTaken */
export const connectContainer = async (
  docker: Docker,
  id: string,
  {
    network,
    address,
    isLastGateway = false,
  }: { readonly network: string; readonly address: string; readonly isLastGateway?: boolean },
): Promise<void> => {
  try {
    // Engines from 28 on know the priority, which keeps the default route where it is; older ones pass it over.
    const priority = isLastGateway ? { GwPriority: -1 } : {};
    await docker
      .getNetwork(network)
      .connect({ Container: id, EndpointConfig: { IPAMConfig: { IPv4Address: address }, ...priority } });
  } catch (error) {
    throw asAddressTaken(error);
  }
};

/** The engine's refusal of an address that somebody has, or that is among all that somebody has, as an error of its own; any other as it is. */
export const asAddressTaken = (error: unknown): unknown =>
  statusOf(error) !== undefined &&
  /address (?:is )?already (?:in use|allocated)|address \S+ is already|no available (?:IPv4 )?addresses/i.test(
    String(error),
  )
    ? new AddressTaken(String(error), { cause: error })
    : error;

/** Takes a container off a network; one that is gone, or not on it, is what was wanted. */
export const disconnectContainer = async (docker: Docker, id: string, network: string): Promise<void> => {
  try {
    await docker.getNetwork(network).disconnect({ Container: id, Force: true });
  } catch (error) {
    if (statusOf(error) !== 404 && !/is not connected to/i.test(String(error))) throw error;
  }
};
