import Docker from 'dockerode';

/** One call of the engine's API: its number from 1, and what it asks for. */
export interface EngineCall {
  readonly nth: number;
  /** For example `POST /networks/create`. */
  readonly what: string;
}

export interface Gate {
  /** Called before each call is sent; what it throws, the caller gets, and the engine nothing. */
  before?(call: EngineCall): void | Promise<void>;
  /** Called when the engine has answered; what it throws takes the place of the answer. */
  after?(call: EngineCall): void | Promise<void>;
}

interface Modem {
  dial(options: { method?: string; path?: string }, callback: (error: unknown, answer?: unknown) => void): void;
}

/** A dockerode of its own whose calls pass a gate, so that tests can fail any of them. */
export const gateDocker = (gate: Gate): Docker => {
  const docker = new Docker();
  const modem = docker.modem as Modem;
  const dial = modem.dial.bind(modem);
  let calls = 0;
  modem.dial = (options, callback) => {
    const call = { nth: (calls += 1), what: `${options.method ?? 'GET'} ${options.path ?? ''}` };
    const send = (): Promise<unknown> =>
      new Promise((resolve, reject) => dial(options, (error, answer) => (error ? reject(error as Error) : resolve(answer))));
    const pass = async (): Promise<unknown> => {
      await gate.before?.(call);
      const answer = await send();
      await gate.after?.(call);
      return answer;
    };
    pass().then(
      (answer) => callback(null, answer),
      (error: unknown) => callback(error),
    );
  };
  return docker;
};

/** What a client sees when the connection to the engine breaks. */
export const brokenConnection = (): Error => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
