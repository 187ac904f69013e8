import { createInterface } from 'node:readline';
import { Transform, type Readable } from 'node:stream';

const newline = 0x0a;

/** Lines as they come, from now on. What a container's end cut off is none: it is half of something, and nobody could read it. */
export const wholeLines = (output: Readable): AsyncIterable<string> => {
  let rest: Buffer[] = [];
  const whole = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const end = chunk.lastIndexOf(newline) + 1;
      if (end === 0) {
        rest.push(chunk);
        done();
        return;
      }
      const complete = Buffer.concat([...rest, chunk.subarray(0, end)]);
      rest = [chunk.subarray(end)];
      done(null, complete);
    },
  });
  // Asked for now: what is printed before an iterator is there is lost to it.
  return createInterface({ input: output.pipe(whole) })[Symbol.asyncIterator]();
};
