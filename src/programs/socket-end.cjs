// @ts-check
/* The same end as a socket of Node's, where it gives no handles. */

/** @import { Socket } from 'node:net' */
/** @import { End } from './ends.cjs' */

/** @implements {End} */
class SocketEnd {
  /** @param {Socket} socket */
  constructor(socket) {
    this.socket = socket.on('error', () => undefined);
  }

  /** @type {End['read']} */
  read(_buffer, reader) {
    this.socket.on('error', () => reader.fail());
    this.socket.on('end', () => reader.end());
    this.socket.on('data', (bytes) => void reader.bytes(bytes)).resume();
  }

  pause() {
    this.socket.pause();
  }

  resume() {
    this.socket.resume();
  }

  /** @type {End['write']} */
  write(bytes, done) {
    if (this.socket.destroyed) return 'failed';
    this.socket.write(bytes, (error) => done(error === null || error === undefined));
    return 'waits';
  }

  /** @type {End['end']} */
  end(done) {
    if (!this.socket.destroyed) this.socket.end(done);
  }

  reset() {
    if (this.socket.remoteFamily === undefined) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  close() {
    this.socket.destroy();
  }

  local() {
    return { address: this.socket.localAddress ?? '', port: this.socket.localPort ?? 0 };
  }

  remote() {
    return { address: this.socket.remoteAddress ?? '', port: this.socket.remotePort ?? 0 };
  }
}

module.exports = { SocketEnd };
