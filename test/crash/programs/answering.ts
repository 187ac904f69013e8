// Opens a forward by whatever rights there are, says what it is and by which user, and then does what a line each asks for.
//   node test/crash/programs/answering.ts <strategy> <port> [privilege]
import { openLocalhostForward, type Privilege, type Strategy } from 'localhost-forward';

process.on('warning', (warning: Error & { code?: string }) => console.log('warning', warning.code, warning.message));
const [strategy, port, privilege = 'auto'] = process.argv.slice(2);
const net = await openLocalhostForward(Number(port), {
  strategy: strategy as Strategy,
  privilege: privilege as Privilege | 'auto',
  verify: false,
});
console.log(JSON.stringify(net), JSON.stringify({ uid: process.getuid?.() }));

const verbs: Readonly<Record<string, () => Promise<unknown>>> = {
  add: () => net.forward(9999),
  close: () => net.close(),
  verify: () => net.verify(),
};
for await (const chunk of process.stdin)
  for (const verb of String(chunk).trim().split('\n')) {
    const done = await (verbs[verb] ?? net.verify.bind(net))().then(
      () => 'done',
      (error: Error) => error.message.replaceAll('\n', ' | '),
    );
    console.log(verb, done);
  }
