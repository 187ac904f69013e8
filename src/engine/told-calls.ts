import { Duplex, Readable } from 'node:stream';
import type Docker from 'dockerode';

/** A call of the engine's API that changes something. */
export interface EngineCall {
  /** Such as `POST /networks/create`. */
  readonly call: string;
  /** The document that goes with it; undefined where there is none. */
  readonly body: unknown;
}

interface DialOptions {
  readonly method?: string;
  readonly path?: string;
  readonly isStream?: boolean;
  readonly hijack?: boolean;
  readonly options?: object | null;
}

type Dial = (options: DialOptions, callback: (error: unknown, answer?: unknown) => void) => void;

interface Listener {
  readonly say: (call: EngineCall) => void;
  /** What a program in a container answers to a line, if it does. */
  readonly answerTo: (line: string) => string | undefined;
}

/** The same client, whose questions are asked, and whose calls that would change something are told and taken for done. */
export const tellCalls = (docker: Docker, { say, answerTo }: Listener): Docker => {
  const real = docker.modem as Docker['modem'] & { dial: Dial };
  const dial: Dial = (options, callback) => {
    const { method = 'GET', path = '' } = options;
    if (method === 'GET' || method === 'HEAD') return real.dial.call(real, options, callback);
    // What a container says and is told goes by no call of its own.
    if (options.hijack === true) return callback(null, attach(answerTo));
    say(describeCall(method, path, options.options));
    return callback(null, answerOf(options));
  };
  const modem = Object.create(real, { dial: { value: dial } }) as Docker['modem'];
  return Object.create(docker, { modem: { value: modem } }) as Docker;
};

/** As dockerode puts it together: of what stands after a `?` and in the document as well, the name alone is read there. */
const describeCall = (method: string, path: string, options: DialOptions['options']): EngineCall => {
  const { _query, _body, ...plain } = (options ?? {}) as { _query?: object; _body?: object; name?: string };
  const isDocument = method === 'POST';
  const asked = _query ?? (isDocument ? { name: plain.name } : plain);
  const words = Object.entries(path.endsWith('?') ? asked : {}).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(Object.fromEntries(words.map(([name, value]) => [name, String(value)]))).toString();
  const body = isDocument ? (_body ?? plain) : {};
  return {
    call: `${method} ${path.replace(/\?$/, '')}${query === '' ? '' : `?${query}`}`,
    body: Object.keys(body).length === 0 ? undefined : body,
  };
};

/** What it makes has its name in place of an id. */
const answerOf = ({ path = '', isStream, options }: DialOptions): unknown => {
  if (isStream === true) return Readable.from([]);
  const { name, Name } = (options ?? {}) as { name?: string; Name?: string };
  return path.includes('/create') ? { Id: name ?? Name } : '';
};

/** The input and output of a container that runs nothing: its answers come as an engine frames them. */
const attach = (answerTo: Listener['answerTo']): Duplex => {
  const stream = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      for (const line of chunk.toString().split('\n')) {
        const answer = answerTo(line);
        if (answer === undefined) continue;
        const text = Buffer.from(`${answer}\n`);
        const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
        header.writeUInt32BE(text.length, 4);
        stream.push(Buffer.concat([header, text]));
      }
      done();
    },
    final: (done) => {
      stream.push(null);
      done();
    },
  });
  return stream;
};
