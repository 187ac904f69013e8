import { createServer, type Server, type Socket } from 'node:net';

/**
 * A socket of this process that others may hold on to: it ends when the process does, whatever becomes of engines. It has an abstract name,
 * which is in no file system and can be reached from this process's own network namespace only: there by every user, who reads it in
 * /proc/net/unix, so that nobody is taken on once whom it is for has come.
 */
export class LifeLine {
  readonly #server: Server;
  readonly #held = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.#held.add(socket.unref());
      socket.on('error', () => undefined).on('close', () => this.#held.delete(socket));
      socket.resume();
    });
    server.unref();
  }

  static async open(name: string): Promise<LifeLine> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen({ exclusive: true, path: `\0${name}` }, resolve);
    });
    return new LifeLine(server);
  }

  /** Takes nobody on any more. Who holds on to it still does. */
  settle(): void {
    this.#server.close();
  }

  /** Whoever holds on to it takes this process for dead. */
  cut(): void {
    this.#server.close();
    for (const socket of this.#held) socket.destroy();
  }
}
