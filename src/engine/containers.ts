import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import type Docker from 'dockerode';
import { statusOf } from './engine.ts';

export interface ListedContainer {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Containers, stopped ones too, that carry a label. */
export const listContainers = async (docker: Docker, label: string): Promise<ListedContainer[]> => {
  const listed = await docker.listContainers({ all: true, filters: { label: [label] } });
  return listed.map(({ Id, Names, Labels }) => ({ id: Id, name: (Names[0] ?? Id).replace(/^\//, ''), labels: Labels }));
};

/** Removes a container, running or not; one that is gone or going already is what was wanted. */
export const removeContainer = async (docker: Docker, id: string): Promise<void> => {
  try {
    await docker.getContainer(id).remove({ force: true, v: true });
  } catch (error) {
    if (statusOf(error) === 404) return;
    if (statusOf(error) !== 409) throw error;
    // Its removal is under way, by the engine itself or by somebody else: gone is what was wanted.
    await docker.getContainer(id).wait({ condition: 'removed' }).catch(ignoreGone);
  }
};

const ignoreGone = (error: unknown): void => {
  if (statusOf(error) !== 404) throw error;
};

/** Containers on a network, with all their IPv4 addresses, on other networks too. */
export const listAttached = async (
  docker: Docker,
  networkId: string,
): Promise<{ name: string; addresses: string[] }[]> => {
  const listed = await docker.listContainers({ filters: { network: [networkId] } });
  return listed.map(({ Id, Names, NetworkSettings }) => ({
    name: (Names[0] ?? Id).replace(/^\//, ''),
    addresses: Object.values(NetworkSettings?.Networks ?? {}).map(({ IPAddress }) => IPAddress),
  }));
};

/** A container that is there but not running, with its input and output attached from the first byte on. */
export interface AttachedContainer {
  readonly id: string;
  start(): Promise<void>;
  /** Lines of standard output, until the container ends. */
  readonly lines: AsyncIterable<string>;
  /** Writes a line to its standard input, which ends with this process, however that ends. */
  send(line: string): void;
  /** What it wrote to standard error so far. */
  stderr(): string;
  remove(): Promise<void>;
}

/** Creates a container and attaches to its input and output. Nothing stays where that fails. */
export const createAttached = async (
  docker: Docker,
  options: Docker.ContainerCreateOptions,
): Promise<AttachedContainer> => {
  const container = await docker.createContainer({
    ...options,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    StdinOnce: true,
  });
  let input: NodeJS.ReadWriteStream | undefined;
  const remove = (): Promise<void> => {
    input?.end();
    return removeContainer(docker, container.id);
  };
  try {
    const stream = await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true });
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
    // Asked for now: what is printed before an iterator is there is lost to it.
    const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    const send = (line: string): void => void stream.write(`${line}\n`);
    return { id: container.id, start, lines, send, stderr: () => complaints, remove };
  } catch (error) {
    await remove().catch(() => undefined);
    throw error;
  }
};

/** Removes a container that was created and never started, if its labels say so: nothing else would end it. */
export const removeUnstarted = async (
  docker: Docker,
  name: string,
  isWanted: (labels: Readonly<Record<string, string>>) => boolean,
): Promise<void> => {
  try {
    const { Id, State, Config } = await docker.getContainer(name).inspect();
    if (State.Status === 'created' && isWanted(Config.Labels)) await removeContainer(docker, Id);
  } catch (error) {
    ignoreGone(error);
  }
};
