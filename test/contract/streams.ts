import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { listenSockets, type Service } from '../support/services.ts';

export interface Lines extends Service {
  /** All lines that arrived, whichever connection said them. */
  readonly received: readonly string[];
  /** How connections ended that did: an error's code, or `END`. */
  readonly ended: readonly string[];
}

/** Sends each line back; where the caller has ended its side, says so and ends its own. The line `end` makes it end first, and `reset` reset. */
export const listenLines = async (): Promise<Lines> => {
  const received: string[] = [];
  const ended: string[] = [];
  const service = await listenSockets((socket) => {
    socket.setEncoding('utf8');
    socket.on('error', ({ code }: NodeJS.ErrnoException) => ended.push(code ?? 'error'));
    socket.on('data', (text: string) => {
      const lines = text.split('\n').slice(0, -1);
      received.push(...lines);
      if (lines.includes('reset')) socket.resetAndDestroy();
      else if (lines.includes('end')) socket.end('over\n');
      else if (socket.writable) socket.write(text);
    });
    socket.on('end', () => {
      ended.push('END');
      if (socket.writable) socket.end('you have ended\n');
    });
  });
  return { ...service, received, ended };
};

/** Reads to the end, and only then answers with the size and the SHA-256 of what came. */
export const listenForUploads = (): Promise<Service> =>
  listenSockets((socket) => {
    const hash = createHash('sha256');
    let bytes = 0;
    socket.on('error', () => undefined);
    socket.on('data', (part: Buffer) => {
      bytes += part.length;
      hash.update(part);
    });
    socket.on('end', () => socket.end(`${bytes} ${hash.digest('hex')}`));
  });

const block = Buffer.alloc(65_536, 'localhost');

/** What that many bytes of it come to. */
export const digestOf = (bytes: number): string => {
  const hash = createHash('sha256');
  for (let left = bytes; left > 0; left -= block.length) hash.update(block.subarray(0, left));
  return hash.digest('hex');
};

export interface Source extends Service {
  /** How much the kernel has not taken yet of what was written to the last caller. */
  unsent(): number;
}

/** Writes that many bytes to whoever calls, at once and whole, and ends. */
export const listenForDownloads = async (bytes: number): Promise<Source> => {
  let last: Socket | undefined;
  const service = await listenSockets((socket) => {
    last = socket.on('error', () => undefined);
    for (let left = bytes; left > 0; left -= block.length) socket.write(block.subarray(0, left));
    socket.end();
  });
  return { ...service, unsent: () => last?.writableLength ?? bytes };
};
