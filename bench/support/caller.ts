import { createInterface } from 'node:readline';
import { PassThrough, Readable } from 'node:stream';
import type { CallerAnswer, CallerOrder } from '../programs/caller.ts';
import { docker, emptyImage, ownLabels } from './engine.ts';
import { outputOf } from './machine.ts';
import { programPath } from './program.ts';

/** A container that dials. */
export interface Caller {
  readonly id: string;
  /** From the request to create it to its first word, in milliseconds. */
  readonly startMs: number;
  /** The median round trip of so many on one connection, in µs. */
  roundTrips(host: string, port: number, count: number): Promise<number>;
  /** New connections per second, of so many. */
  connections(host: string, port: number, count: number): Promise<number>;
  /** Bytes per second of what a service sends, over so many seconds. */
  download(host: string, port: number, seconds: number): Promise<number>;
  /** Of so many ports from this one upward, how many answered. */
  ports(host: string, port: number, count: number): Promise<number>;
  remove(): Promise<void>;
}

/** Starts a container of nothing but this process's own node, on the network. */
export const startCaller = async (network: string): Promise<Caller> => {
  const binds = await prepare();
  const startedAt = performance.now();
  const container = await docker.createContainer({
    Image: emptyImage,
    Entrypoint: ['/node', '/caller.mts'],
    Labels: ownLabels(),
    OpenStdin: true,
    StdinOnce: true,
    StopTimeout: 0,
    HostConfig: { NetworkMode: network, Binds: binds, LogConfig: { Type: 'none', Config: {} } },
  });
  const stream = await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true });
  const output = new PassThrough();
  docker.modem.demuxStream(stream, output, output);
  stream.on('end', () => output.end());
  const lines = createInterface({ input: output })[Symbol.asyncIterator]();
  await container.start();
  await lines.next();
  const startMs = performance.now() - startedAt;
  const ask = async (order: CallerOrder): Promise<number> => {
    stream.write(`${JSON.stringify(order)}\n`);
    const { value } = await lines.next();
    if (value === undefined) throw new Error(`The container of ${network} has gone`);
    const answer = JSON.parse(value) as CallerAnswer;
    if (answer.value === undefined) throw new Error(`${answer.error} from ${order.host}:${order.port}`);
    return answer.value;
  };
  return {
    id: container.id,
    startMs,
    roundTrips: (host, port, count) => ask({ verb: 'roundTrips', host, port, count }),
    connections: (host, port, count) => ask({ verb: 'connections', host, port, count }),
    download: (host, port, count) => ask({ verb: 'download', host, port, count }),
    ports: (host, port, count) => ask({ verb: 'ports', host, port, count }),
    remove: async () => void (await container.remove({ force: true, v: true })),
  };
};

let prepared: Promise<string[]> | undefined;

// The image and the mounts, once a run: neither is part of a start.
const prepare = (): Promise<string[]> => (prepared ??= ensureImage().then(listMounts));

const ensureImage = async (): Promise<void> => {
  const known = await docker.listImages({ filters: { reference: [emptyImage] } });
  if (known.length > 0) return;
  const [repo = '', tag = ''] = emptyImage.split(':');
  // Two blocks of zeroes are an empty archive.
  const imported = await docker.importImage(Readable.from([Buffer.alloc(1024)]), { repo, tag });
  await new Promise<void>((resolve, reject) => imported.on('end', resolve).on('error', reject).resume());
};

const listMounts = async (): Promise<string[]> => {
  const linked = (await outputOf('ldd', process.execPath)) ?? '';
  const libraries = [...linked.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path);
  return [
    `${process.execPath}:/node:ro`,
    `${programPath('caller.ts')}:/caller.mts:ro`,
    ...libraries.map((path) => `${path}:${path}:ro`),
  ];
};
