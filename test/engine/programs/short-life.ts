// Opens a forward without a proof, adds, counts and takes a port, closes; tells what it was, or the refusal, as a line of JSON.
//   node test/engine/programs/short-life.ts <options>
import { isLocalhostForwardError, openLocalhostForward, type LocalhostForwardOptions } from 'localhost-forward';

const [options = '{}'] = process.argv.slice(2);
try {
  const net = await openLocalhostForward([], { verify: false, ...(JSON.parse(options) as LocalhostForwardOptions) });
  await net.forward(8088);
  await net.hits();
  await net.unforward(8088);
  console.log(JSON.stringify({ code: 'opened', message: net.strategy }));
  await net.close();
} catch (error) {
  const { code, message, reasons } = isLocalhostForwardError(error)
    ? error
    : { code: 'other', message: String(error), reasons: undefined };
  console.log(JSON.stringify({ code, message, reasons }));
}
