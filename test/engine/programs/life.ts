// All that an opening, its proof, its diagnosis and its end run programs for; tells how it went as a line of JSON.
//   node test/engine/programs/life.ts <options> close|kill
import { isLocalhostForwardError, openLocalhostForward, type LocalhostForwardOptions } from 'localhost-forward';
import { listenTcp } from '../../support/services.ts';

const [options = '{}', end] = process.argv.slice(2);
const [one, other] = await Promise.all([listenTcp(), listenTcp()]);
try {
  const net = await openLocalhostForward(one.port, JSON.parse(options) as LocalhostForwardOptions);
  await net.forward(other.port);
  await net.hits();
  await net.verify();
  await net.diagnose();
  const { strategy, reasons } = net;
  if (end !== 'kill') await net.close();
  console.log(JSON.stringify({ strategy, reasons }));
  if (end === 'kill') process.kill(process.pid, 'SIGKILL');
} catch (error) {
  const { code, message, reasons } = isLocalhostForwardError(error)
    ? error
    : { code: 'other', message: String(error), reasons: undefined };
  console.log(JSON.stringify({ code, message, reasons }));
}
await Promise.all([one.close(), other.close()]);
