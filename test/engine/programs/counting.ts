// Says that it is ready, on which network and under which parent; counts its interrupts, says each, and ends at SIGTERM with their number.
let interrupts = 0;
process.on('SIGINT', () => console.log(`interrupt ${(interrupts += 1)}`));
process.on('SIGHUP', () => process.exit(41));
process.on('SIGTERM', () => process.exit(20 + interrupts));
setInterval(() => {}, 1000);
console.log(['ready', process.env['LOCALHOST_FORWARD_NETWORK'], process.ppid].join(' '));
