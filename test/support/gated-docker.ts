import { callbackify } from 'node:util';
import Docker from 'dockerode';

export interface Gate {
  /**
   * Called before each call is sent, named like `POST /networks/create` or `DELETE /networks/<id>`; what it throws, the
   * caller gets, and the engine nothing.
   */
  before?(call: string): void | Promise<void>;
  /** Called when the engine has answered; what it throws takes the place of the answer. */
  after?(call: string): void | Promise<void>;
  /** Called when the engine has refused a call. */
  refused?(call: string): void;
}

interface Modem {
  dial(options: { method?: string; path?: string }, callback: (error: unknown, answer?: unknown) => void): void;
}

/** A dockerode of its own whose calls pass a gate, so that tests can fail any of them. */
export const gateDocker = (gate: Gate): Docker => {
  const docker = new Docker();
  const modem = docker.modem as Modem;
  const dial = modem.dial.bind(modem);
  modem.dial = (options, callback) => {
    const call = `${options.method ?? 'GET'} ${withoutIds(options.path ?? '')}`;
    const send = (): Promise<unknown> =>
      new Promise((resolve, reject) => dial(options, (error, answer) => (error ? reject(error) : resolve(answer))));
    const pass = async (): Promise<unknown> => {
      await gate.before?.(call);
      const answer = await send().catch((error: unknown) => {
        gate.refused?.(call);
        throw error;
      });
      await gate.after?.(call);
      return answer;
    };
    callbackify(pass)(callback);
  };
  return docker;
};

const withoutIds = (path: string): string =>
  path.replace(/\?.*$/, '').replace(/^(\/\w+\/)(?!create$|json$)[^/]+/, '$1<id>');

/** What a client sees when the connection to the engine breaks. */
export const brokenConnection = (): Error => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
