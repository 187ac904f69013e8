import type { Attacker } from './attacker.ts';
import { frameOf, ipv4, readAnswer, tcpSyn } from './frames.ts';

/** What the answers to so many frames take in a socket's buffer. */
const atOnce = 150;

const all = Array.from({ length: 65_535 }, (_, n) => n + 1);

/** Those TCP ports of an address that somebody gets an answer from, by way of his router. */
export const scan = async (attacker: Attacker, address: string, tried = all): Promise<number[]> => {
  const open: number[] = [];
  for (let first = 0; first < tried.length; first += atOnce) {
    const ports = tried.slice(first, first + atOnce);
    const frames = ports.map((port) => {
      // From the port of the same number, so that the answer tells it.
      const payload = tcpSyn(attacker.address, port, address, port);
      return frameOf(
        attacker,
        attacker.router.mac,
        ipv4({ from: attacker.address, to: address, protocol: 'tcp', payload }),
      );
    });
    // oxlint-disable-next-line no-await-in-loop
    for (const frame of await attacker.send(...frames)) {
      const answer = readAnswer(frame);
      if (answer?.kind === 'syn-ack') open.push(answer.number);
    }
  }
  return open;
};
