// @ts-check
/* What connections are read into: a small buffer each, and a large one for those that fill it, as long as not too many are out. */

const smallBytes = 16_384;
const largeBytes = 1_048_576;
/** So much memory for large buffers, and what is kept of small ones for the next connections. */
const mostLarge = 32;
const mostSpare = 256;

/** @type {Uint8Array[]} */
const spare = [];
/** @type {Uint8Array[]} */
const spareLarge = [];
let large = 0;

const takeSmall = () => spare.pop() ?? Buffer.allocUnsafeSlow(smallBytes);

/** @returns {Uint8Array | undefined} */
const takeLarge = () => {
  if (large >= mostLarge) return undefined;
  large += 1;
  return spareLarge.pop() ?? Buffer.allocUnsafeSlow(largeBytes);
};

/** @param {Uint8Array} buffer */
const giveBack = (buffer) => {
  if (buffer.length === largeBytes) {
    large -= 1;
    // A few are enough to go on with.
    if (spareLarge.length < 4) spareLarge.push(buffer);
  } else if (spare.length < mostSpare) spare.push(buffer);
};

/** @param {Uint8Array} buffer */
const isLarge = (buffer) => buffer.length === largeBytes;

module.exports = { giveBack, isLarge, smallBytes, takeLarge, takeSmall };
