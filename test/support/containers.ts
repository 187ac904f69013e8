import { readFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { PassThrough, Readable } from 'node:stream';
import Docker from 'dockerode';
import { execHere, outputOf } from './run.ts';
import { within } from './until.ts';

/** A name for an image with nothing in it: whatever a test container needs is mounted. */
const emptyImage = 'localhost-forward-test:empty';

/** Makes sure that the engine has the empty image, without a registry. */
export const ensureTestImage = async (docker: Docker): Promise<string> => {
  const known = await docker.listImages({ filters: { reference: [emptyImage] } });
  if (known.length > 0) return emptyImage;
  const [repo = '', tag = ''] = emptyImage.split(':');
  // Two blocks of zeroes are an empty archive.
  const imported = await docker.importImage(Readable.from([Buffer.alloc(1024)]), { repo, tag });
  await new Promise<void>((resolve, reject) => imported.on('end', resolve).on('error', reject).resume());
  return emptyImage;
};

const residentProgram = readFileSync(new URL('programs/resident.cjs', import.meta.url), 'utf8');

let mounts: Promise<string[]> | undefined;

/** This process's own node with the libraries it is linked to, as read-only mounts. */
export const mountNode = (): Promise<string[]> => (mounts ??= findMounts());

const findMounts = async (): Promise<string[]> => {
  const linked = await outputOf(execHere, ['ldd', process.execPath]);
  const libraries = [...linked.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path);
  return [`${process.execPath}:/node:ro`, ...libraries.map((path) => `${path}:${path}:ro`)];
};

export interface NodeContainerOptions {
  /** Default: the engine of `DOCKER_HOST` or the usual socket. */
  readonly docker?: Docker;
  /** Default: the engine's default network. */
  readonly networkName?: string;
  readonly extraHosts?: readonly string[];
  readonly capabilities?: readonly string[];
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What a dial came to: an answer, the error's code, or `TIMEOUT` where nothing came back. */
export type Dialled<T> =
  | { readonly answer: T; readonly error?: undefined }
  | { readonly answer?: undefined; readonly error: string };

/** A container with a Node in it that does what it is told. */
export interface NodeContainer extends AsyncDisposable {
  readonly id: string;
  /** Its process, as the engine's side counts. */
  readonly pid: number;
  /** Its address on the network it was started on. */
  readonly address: string;
  /** GETs a JSON document on a connection of its own. */
  get<T>(url: string): Promise<Dialled<T>>;
  /** Connects by TCP, and hangs up. Gives up after 10 s: where silence is expected, ask for less. */
  connect(host: string, port: number, patienceMs?: number): Promise<Dialled<'connected'>>;
  /** Connects by TCP and stays: the connection's number for the verbs below. */
  open(host: string, port: number): Promise<Dialled<number>>;
  /** Writes a line and waits for one back, or for the connection's end. */
  ask(connection: number, line: string, patienceMs?: number): Promise<Dialled<string>>;
  /** Writes a line and waits for nothing. */
  say(connection: number, line: string): Promise<Dialled<'said'>>;
  /** Ends its own side, and resolves to all that came when the other side has ended too. */
  finish(connection: number): Promise<Dialled<string>>;
  /** Resolves to how the other side ended: `END`, or the error's code. */
  fate(connection: number): Promise<Dialled<string>>;
  /** Ends it by a reset. */
  reset(connection: number): Promise<Dialled<'reset'>>;
  /** Does not read from it, or does again. */
  pause(connection: number, on: boolean): Promise<Dialled<boolean>>;
  /** Resolves to the size and the SHA-256 of all that came, when the other side has ended. */
  digest(connection: number): Promise<Dialled<{ bytes: number; sha256: string }>>;
  /** Sends that many bytes on a new connection, ends its side, and resolves to what came back. */
  upload(host: string, port: number, bytes: number): Promise<Dialled<string>>;
  /** So many connections at once, each with a line of its own: how many got their own line back. */
  askAtOnce(host: string, port: number, count: number): Promise<Dialled<number>>;
  /** Sends one datagram and waits for one back: of a flow of its own, or of the one `from` a port. */
  send(host: string, port: number, text: string, patienceMs?: number, from?: number): Promise<Dialled<string>>;
  /** Answers every GET on all its addresses with the document. */
  serve(port: number, document: unknown): Promise<Dialled<'listening'>>;
  remove(): Promise<void>;
}

/** Starts a container and waits until its Node listens to us. Leaving the scope removes it. */
export const startNode = async (options: NodeContainerOptions = {}): Promise<NodeContainer> => {
  const { docker = new Docker(), networkName = 'bridge', extraHosts = [], capabilities = [], labels } = options;
  const { sysctls = {} } = options;
  const [image, binds] = await Promise.all([ensureTestImage(docker), mountNode()]);
  const container = await docker.createContainer({
    Image: image,
    ...(labels !== undefined && { Labels: { ...labels } }),
    Entrypoint: ['/node', '--eval', residentProgram],
    OpenStdin: true,
    StdinOnce: true,
    StopTimeout: 0,
    HostConfig: {
      NetworkMode: networkName,
      ExtraHosts: [...extraHosts],
      Binds: binds,
      CapAdd: [...capabilities],
      Sysctls: { ...sysctls },
    },
  });
  const remove = async (): Promise<void> => {
    await container.remove({ force: true, v: true }).catch((error: { statusCode?: number }) => {
      if (error.statusCode !== 404) throw error;
    });
  };
  try {
    const stream = await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true });
    // dockerode sends a body with it, which Podman takes for what is typed: a line that is none of ours.
    stream.write('\n');
    const output = new PassThrough();
    // What its Node complains of belongs into the answers too: it fits no question, and so shows in the time-out.
    docker.modem.demuxStream(stream, output, output);
    const ask = answerInOrder(createInterface({ input: output }), (line) => stream.write(line));
    await container.start();
    const { State, NetworkSettings } = await container.inspect();
    const call = <T>(verb: string, ...args: unknown[]): Promise<Dialled<T>> => ask({ verb, args });
    await call('ready');
    return {
      id: container.id,
      pid: State.Pid,
      address: NetworkSettings.Networks[networkName]?.IPAddress ?? '',
      get: (url) => call('get', url),
      connect: (host, port, patienceMs) => call('connect', host, port, patienceMs),
      open: (host, port) => call('open', host, port),
      ask: (connection, line, patienceMs) => call('ask', connection, line, patienceMs),
      say: (connection, line) => call('say', connection, line),
      finish: (connection) => call('finish', connection),
      fate: (connection) => call('fate', connection),
      reset: (connection) => call('reset', connection),
      pause: (connection, on) => call('pause', connection, on),
      digest: (connection) => call('digest', connection),
      upload: (host, port, bytes) => call('upload', host, port, bytes),
      askAtOnce: (host, port, count) => call('askAtOnce', host, port, count),
      send: (host, port, text, patienceMs, from) => call('send', host, port, text, patienceMs, from),
      serve: (port, document) => call('serve', port, document),
      remove,
      [Symbol.asyncDispose]: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
};

const answerInOrder = (lines: Interface, write: (line: string) => unknown) => {
  const waiting = new Map<number, (answer: unknown) => void>();
  const gone = new Promise<never>((_, reject) =>
    lines.once('close', () => reject(new Error('The container has gone'))),
  );
  gone.catch(() => {});
  const said: string[] = [];
  lines.on('line', (line) => {
    try {
      const { id, ...answer } = JSON.parse(line) as { id: number };
      waiting.get(id)?.(answer);
    } catch {
      said.push(line);
    }
  });
  let asked = 0;
  return async <T>(question: object): Promise<Dialled<T>> => {
    const id = (asked += 1);
    const answer = new Promise<unknown>((resolve) => waiting.set(id, resolve));
    write(`${JSON.stringify({ id, ...question })}\n`);
    try {
      return (await within(
        30_000,
        `the container's answer to ${JSON.stringify(question)}`,
        Promise.race([answer, gone]),
      )) as Dialled<T>;
    } catch (error) {
      throw new Error(`${(error as Error).message}; it said:\n${said.join('\n')}`, { cause: error });
    }
  };
};
