/** Runs in a container: a {@link CallerOrder} a line on standard input, a {@link CallerAnswer} a line on standard output. */
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export interface CallerOrder {
  /** `roundTrips`: the median of so many on one connection, in µs. `connections`: new ones per second, each with one round trip. `download`: bytes
   * per second of so many seconds. `ports`: of so many ports from this one upward, how many answered. */
  readonly verb: 'roundTrips' | 'connections' | 'download' | 'ports';
  readonly host: string;
  readonly port: number;
  readonly count: number;
}

export interface CallerAnswer {
  readonly value?: number;
  readonly error?: string;
}

/** As many as a program with a pool of connections has. */
const width = 16;
/** A tenth more, and no more than this. */
const mostWarmUp = 200;

const open = (host: string, port: number, onData: (socket: Socket) => void, fail: (error: Error) => void): void => {
  const socket = connect({ host, port, noDelay: true });
  socket.setTimeout(10_000, () => socket.destroy(new Error('TIMEOUT')));
  socket
    .on('connect', () => socket.write('x'))
    .on('data', () => onData(socket))
    .on('error', fail);
};

const roundTrips = ({ host, port, count }: CallerOrder): Promise<number> =>
  new Promise((resolve, reject) => {
    const taken: number[] = [];
    const warmUp = Math.min(mostWarmUp, Math.ceil(count / 10));
    let sentAt = NaN;
    const next = (socket: Socket): void => {
      const now = performance.now();
      taken.push(now - sentAt);
      if (taken.length > count + warmUp) {
        socket.destroy();
        resolve((taken.slice(-count).toSorted((a, b) => a - b)[Math.floor(count / 2)] ?? NaN) * 1000);
        return;
      }
      sentAt = performance.now();
      socket.write('x');
    };
    open(host, port, next, reject);
  });

const connections = ({ host, port, count }: CallerOrder): Promise<number> =>
  new Promise((resolve, reject) => {
    const startedAt = performance.now();
    let [begun, done] = [0, 0];
    const begin = (): void => {
      if (begun === count) return;
      begun += 1;
      open(host, port, finish, reject);
    };
    const finish = (socket: Socket): void => {
      // A reset leaves no port waiting, of which there are only so many.
      socket.resetAndDestroy();
      done += 1;
      if (done === count) resolve((count / (performance.now() - startedAt)) * 1000);
      else begin();
    };
    for (let n = 0; n < width; n += 1) begin();
  });

const download = ({ host, port, count }: CallerOrder): Promise<number> =>
  new Promise((resolve, reject) => {
    let bytes = 0;
    let [startedAt, lastAt] = [NaN, NaN];
    const socket = connect({ host, port });
    const over = setTimeout(
      () => {
        socket.destroy();
        resolve(bytes / ((lastAt - startedAt) / 1_000));
      },
      count * 1_000 + 1_000,
    );
    socket.on('error', (error) => {
      clearTimeout(over);
      reject(error);
    });
    socket.on('data', (part) => {
      lastAt = performance.now();
      // What came first was not held back by what came before it.
      if (Number.isNaN(startedAt)) startedAt = lastAt;
      else bytes += part.length;
    });
  });

const answers = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const onData = (socket: Socket): void => {
      socket.resetAndDestroy();
      resolve(true);
    };
    open(host, port, onData, () => resolve(false));
  });

const ports = async ({ host, port, count }: CallerOrder): Promise<number> => {
  let [next, answered] = [port, 0];
  const dial = async (): Promise<void> => {
    while (next < port + count) {
      next += 1;
      // As many at a time as there are of these.
      // oxlint-disable-next-line no-await-in-loop
      if (await answers(host, next - 1)) answered += 1;
    }
  };
  await Promise.all(Array.from({ length: width }, dial));
  return answered;
};

const verbs = { roundTrips, connections, download, ports };
const say = (answer: CallerAnswer): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const order = JSON.parse(line) as CallerOrder;
    verbs[order.verb](order).then(
      (value) => say({ value }),
      (error: NodeJS.ErrnoException) => say({ error: error.code ?? error.message }),
    );
  })
  .on('close', () => process.exit());
// The first word, by which a start is known to be done.
say({ value: 0 });
