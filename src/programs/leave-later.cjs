// @ts-check
/* How a helper in a container ends. */

/**
 * How long one stays that has nothing to do any more, in milliseconds. Whoever is told of that removes it, and so does the guardian where its
 * process died: Docker 20.10 leaves the shim behind of a container that ends by itself while it is killed. By itself it ends where nobody does.
 */
const farewellMs = 10_000;

/** Ends this program, later. @type {() => void} */
const leaveLater = () => void setTimeout(() => process.exit(0), farewellMs);

module.exports = { leaveLater };
