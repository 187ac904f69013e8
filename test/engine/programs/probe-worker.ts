// A worker that was handed a forward: does what it is told on standard input, and answers each line with one.
//   node test/engine/programs/probe-worker.ts '<hand-over>'
import { createInterface } from 'node:readline';
import { joinLocalhostForward, type ForwardHandover } from 'localhost-forward';

const net = joinLocalhostForward(JSON.parse(process.argv[2] ?? '') as ForwardHandover);
const patient = { timeoutMs: 60_000 };

for await (const order of createInterface({ input: process.stdin })) {
  if (order === 'close') {
    await net.close();
    console.log('close {}');
    continue;
  }
  const [{ ports }, { finding, hops }] = await Promise.all([net.verify(patient), net.diagnose(patient)]);
  const packets = hops.find(({ name }) => name === 'bridge')?.packets;
  console.log(`prove ${JSON.stringify({ proof: ports[0]?.proof, finding, packets })}`);
}
