/** A dockerode instance, as `new Docker()` makes it. */
export interface DockerClient {
  readonly modem: object;
  createNetwork(options: never): Promise<unknown>;
}

/** What `new Docker(options)` of dockerode takes, as far as it says where an engine answers. */
export interface DockerOptions {
  socketPath?: string | undefined;
  host?: string | undefined;
  port?: number | string | undefined;
  protocol?: 'http' | 'https' | 'ssh' | undefined;
  username?: string | undefined;
  ca?: string | string[] | Buffer | Buffer[] | undefined;
  cert?: string | string[] | Buffer | Buffer[] | undefined;
  key?: string | string[] | Buffer | Buffer[] | object[] | undefined;
  /** In milliseconds. */
  timeout?: number | undefined;
  /** Of the engine's API, with the `v`. */
  version?: string | undefined;
  headers?: Record<string, string> | undefined;
  sshOptions?: object | undefined;
}
