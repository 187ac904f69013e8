// @ts-check
/* Waits until the kernel has told every service of an address that we hung up. */
const { readFileSync } = require('node:fs');
const { endianness } = require('node:os');
const { setTimeout: delay } = require('node:timers/promises');

/** How long a network is stayed on for the sake of a last packet that is not acknowledged. */
const farewellMs = 3_000;
const lookEveryMs = 5;

/** FIN_WAIT1, LAST_ACK and CLOSING, as /proc/net/tcp numbers them: our end of the connection is not acknowledged as closed. */
const unacknowledged = ['04', '09', '0B'];

/**
 * Whether the kernel still has to tell a service that we hung up. A service that is never told would keep the connection, and its process.
 * @param {string} address
 */
const isHangingUp = (address) => {
  const bytes = address.split('.').map((byte) => Number(byte).toString(16).toUpperCase().padStart(2, '0'));
  const remote = `${(endianness() === 'LE' ? bytes.toReversed() : bytes).join('')}:`;
  try {
    const sockets = readFileSync('/proc/net/tcp', 'utf8').split('\n');
    return sockets.some((socket) => {
      const [, , peer = '', state = ''] = socket.trim().split(/\s+/);
      return peer.startsWith(remote) && unacknowledged.includes(state);
    });
  } catch {
    return false;
  }
};

/** @param {string} address */
const hangUp = async (address) => {
  const startedAt = performance.now();
  while (isHangingUp(address) && performance.now() - startedAt < farewellMs) await delay(lookEveryMs);
};

module.exports = { hangUp };
