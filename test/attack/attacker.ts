import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type Docker from 'dockerode';
import { ensureTestImage } from '../support/containers.ts';
import { spawnHere } from '../support/run.ts';
import { within } from '../support/until.ts';
import { arpRequest, type Station } from './frames.ts';

const programFile = fileURLToPath(new URL('programs/attacker.pl', import.meta.url));

/** On one processor, so that frames arrive in the order in which they were sent. */
const start = 'exec taskset -c "$(taskset -cp $$ | sed "s/.*: //; s/[-,].*//")" perl -e "$0" "$1"';

/** Somebody who sends raw frames. */
export interface Attacker extends Station, AsyncDisposable {
  /** The address of whoever routes for it, and its hardware address. */
  readonly router: Station;
  /** Sends frames in order, and resolves to what came back, once the router's kernel has done all that it does with them itself. */
  send(...frames: readonly Buffer[]): Promise<Buffer[]>;
  /** Asks the engine's resolver for a name, and waits for no answer. */
  resolve(name: string): Promise<void>;
  /** Sends one frame so many times. */
  flood(times: number, frame: Buffer): Promise<void>;
}

interface Line {
  readonly lines: Interface;
  readonly write: (line: string) => unknown;
  readonly end: () => Promise<void>;
}

const attackerOn = async (self: Station, router: Station, { lines, write, end }: Line): Promise<Attacker> => {
  const said = lines[Symbol.asyncIterator]();
  const hear = async (): Promise<string> => {
    const { value, done } = await within(40_000, `an answer to ${self.address}`, said.next());
    if (done === true) throw new Error(`The attacker at ${self.address} has ended`);
    return value;
  };
  let turn: Promise<unknown> = Promise.resolve();
  const ask = (line: string): Promise<string> => {
    const answered = turn.then(() => {
      write(`${line}\n`);
      return hear();
    });
    turn = answered.catch(() => undefined);
    return answered;
  };
  const first = await hear();
  if (first !== 'ready') throw new Error(`The attacker at ${self.address} says: ${first}`);
  // A bridge's port that is not up yet drops what comes: it would take an attack for repelled.
  const met = await ask(`meet ${arpRequest({ ...self, address: '0.0.0.0' }, router.address).toString('hex')}`);
  if (met !== 'met') throw new Error(`The attacker at ${self.address} asked for ${router.address}: ${met}`);
  return {
    ...self,
    router,
    send: async (...frames) => {
      // The first one tells the router where answers go.
      const asked = [{ ...self }, { ...self, address: '0.0.0.0' }].map((one) => arpRequest(one, router.address));
      const hex = [asked[0] as Buffer, ...frames, asked[1] as Buffer].map((frame) => frame.toString('hex'));
      const [verb, ...heard] = (await ask(`send ${hex.join(' ')}`)).split(' ');
      if (verb !== 'heard') throw new Error(`The attacker at ${self.address}: ${[verb, ...heard].join(' ')}`);
      return heard.map((frame) => Buffer.from(frame, 'hex'));
    },
    resolve: async (name) => void (await ask(`resolve ${name}`)),
    flood: async (times, frame) => void (await ask(`flood ${times} ${frame.toString('hex')}`)),
    [Symbol.asyncDispose]: end,
  };
};

/** A container with Docker's default capabilities on a network: it may send raw frames, and change nothing. */
export const startAttacker = async (
  docker: Docker,
  network: string,
  router: Station,
  options: { readonly dns?: readonly string[] } = {},
): Promise<Attacker> => {
  const container = await docker.createContainer({
    Image: await ensureTestImage(docker),
    Cmd: ['/bin/sh', '-c', start, readFileSync(programFile, 'utf8'), 'eth0'],
    Env: ['PATH=/usr/bin:/bin'],
    OpenStdin: true,
    StdinOnce: true,
    StopTimeout: 0,
    HostConfig: {
      NetworkMode: network,
      Binds: ['/usr:/usr:ro', '/lib:/lib:ro', '/lib64:/lib64:ro', '/bin:/bin:ro'],
      ...(options.dns && { Dns: [...options.dns] }),
    },
  });
  const end = async (): Promise<void> => void (await container.remove({ force: true }));
  try {
    const stream = await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true });
    const output = new PassThrough();
    docker.modem.demuxStream(stream, output, output);
    stream.once('end', () => output.end());
    await container.start();
    const { NetworkSettings } = await container.inspect();
    const { IPAddress: address = '', MacAddress: mac = '' } = NetworkSettings.Networks[network] ?? {};
    const lines = createInterface({ input: output });
    return await attackerOn({ address, mac }, router, { lines, write: (line) => stream.write(line), end });
  } catch (error) {
    await end();
    throw error;
  }
};

/** A machine of the host's LAN: a network namespace at the other end of a cable. */
export const startInNamespace = (name: string, device: string, self: Station, router: Station): Promise<Attacker> => {
  const argv = ['ip', 'netns', 'exec', name, 'sh', '-c', start, readFileSync(programFile, 'utf8'), device];
  const child: ChildProcess = spawnHere(argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('no pipes');
  const lines = createInterface({ input: stdout });
  const end = async (): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    stdin.end();
    await ended;
  };
  return attackerOn(self, router, { lines, write: (line) => stdin.write(line), end });
};
