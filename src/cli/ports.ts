import type { PortForward, Protocol } from '../types.ts';

/** A word of the command line that cannot be read as a port. */
export class PortSyntaxError extends Error {}

/**
 * Reads a port as the command line writes it: `8088`, `8088:80` (host:container, as docker and compose write it), `0` (a free one), each with `/udp` or `/tcp`.
 *
 * @throws PortSyntaxError
 */
export const parsePortWord = (word: string, isFirst = true): PortForward => {
  const [, first = '', second, protocol = 'tcp'] = /^(\d{1,5})(?::(\d{1,5}))?(?:\/(tcp|udp))?$/.exec(word) ?? [];
  if (first === '')
    throw isFirst ? refusal(word) : new PortSyntaxError(`a command comes after '--', and '${word}' is no port`);
  const hostPort = Number(first);
  const containerPort = second === undefined ? undefined : Number(second);
  if (hostPort > 65_535 || containerPort === 0 || (containerPort ?? 1) > 65_535) throw refusal(word);
  return { hostPort, ...(containerPort === undefined ? {} : { containerPort }), protocol: protocol as Protocol };
};

const refusal = (word: string): PortSyntaxError =>
  new PortSyntaxError(`expected a port such as 8088, 8088:80 (host:container), 0 or 53/udp, got '${word}'`);
