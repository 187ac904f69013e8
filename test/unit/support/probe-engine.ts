import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Duplex, type Writable } from 'node:stream';
import type Docker from 'dockerode';

/** An engine whose containers are processes of this host: what it was asked for, and where they are. */
export interface ProbeEngine {
  readonly docker: Docker;
  /** What was called, for example `start lhf-probe-abcde-1` or `connect n1`. */
  readonly calls: readonly string[];
  /** Which network each endpoint's address is on, by container. */
  readonly endpoints: ReadonlySet<string>;
  /** Containers that are there. */
  containers(): readonly string[];
  /** As somebody does who removes it behind our back. */
  kill(name: string): Promise<void>;
}

interface Fake {
  readonly options: Docker.ContainerCreateOptions;
  child?: ChildProcess;
  readonly stream: Duplex;
}

/** @param gate - Called before each call takes effect; what it throws, the caller gets. */
export const fakeProbeEngine = (gate: (call: string) => void | Promise<void> = () => undefined): ProbeEngine => {
  const calls: string[] = [];
  const containers = new Map<string, Fake>();
  const endpoints = new Set<string>();
  const refuse = (statusCode: number, message: string): never => {
    throw Object.assign(new Error(message), { statusCode, json: { message } });
  };
  const find = (name: string): Fake => containers.get(name) ?? refuse(404, `No such container: ${name}`);
  const called = async (call: string): Promise<void> => {
    calls.push(call);
    await gate(call);
  };
  const occupy = (network: string, name: string): void => {
    if ([...endpoints].some((endpoint) => endpoint.startsWith(`${network} `))) refuse(403, 'Address already in use');
    endpoints.add(`${network} ${name}`);
  };
  const drop = (name: string): void => {
    containers.delete(name);
    for (const endpoint of endpoints) if (endpoint.endsWith(` ${name}`)) endpoints.delete(endpoint);
  };
  const kill = async (name: string): Promise<void> => {
    const { child, stream } = find(name);
    drop(name);
    if (child !== undefined && child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
    stream.push(null);
  };
  const describe = (name: string) => ({
    id: name,
    start: async () => {
      await called(`start ${name}`);
      const { options, stream } = find(name);
      try {
        occupy(options.HostConfig?.NetworkMode ?? '', name);
      } catch (error) {
        drop(name);
        throw error;
      }
      const [program = '', ...args] = options.Entrypoint as string[];
      const child = spawn(program, [...args, ...(options.Cmd ?? [])], { stdio: ['pipe', 'pipe', 'inherit'] });
      find(name).child = child;
      child.stdout.on('data', (chunk) => stream.push(chunk));
      stream.on('data-in', (chunk) => child.stdin.write(chunk)).on('finish', () => child.stdin.end());
      child.on('exit', () => void (drop(name), stream.push(null)));
    },
    remove: async () => {
      await called(`remove ${name}`);
      await kill(name);
    },
  });
  const docker = {
    getImage: () => ({ inspect: async () => ({}) }),
    createContainer: async (options: Docker.ContainerCreateOptions & { name: string }) => {
      await called(`create ${options.name}`);
      const stream: Duplex = new Duplex({
        read: () => undefined,
        write: (chunk, _encoding, done) => {
          stream.emit('data-in', chunk);
          done();
        },
      });
      containers.set(options.name, { options, stream });
      return describe(options.name);
    },
    getContainer: describe,
    getNetwork: (network: string) => ({
      connect: async ({ Container }: { Container: string }) => {
        await called(`connect ${network}`);
        find(Container);
        occupy(network, Container);
      },
      disconnect: async ({ Container }: { Container: string }) => {
        await called(`disconnect ${network}`);
        if (!endpoints.delete(`${network} ${Container}`)) refuse(500, `${Container} is not connected to ${network}`);
      },
    }),
    modem: {
      dial: ({ path }: { path: string }, answer: (error: unknown, stream?: Duplex) => void) => {
        const [, name = ''] = /^\/containers\/(.+)\/attach\?$/.exec(path) ?? [];
        answer(null, find(name).stream);
      },
      demuxStream: (stream: Duplex, stdout: Writable) => void stream.on('data', (chunk) => stdout.write(chunk)),
    },
  } as unknown as Docker;
  return { docker, calls, endpoints, containers: () => [...containers.keys()], kill };
};
