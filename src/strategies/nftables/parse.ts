/** The elements of one set or map in nft's listing, as `tcp/80` with what follows the key there. */
const parseElements = (listing: string, set: string): Map<string, string> => {
  const block =
    new RegExp(String.raw`^\s*(?:set|map) ${set} \{[^]*?elements = \{([^}]*)\}`, 'm').exec(
      blockOf(listing, set),
    )?.[1] ?? '';
  return new Map(
    block.split(',').flatMap((element) => {
      const [, name, port, rest] = /(\w+) \. (\d+)\s*(.*)/s.exec(element) ?? [];
      const protocol = protocols.get(name ?? '');
      return protocol === undefined ? [] : [[`${protocol}/${Number(port)}`, rest ?? '']];
    }),
  );
};

// A host without /etc/protocols lists numbers.
const protocols = new Map([
  ['tcp', 'tcp'],
  ['udp', 'udp'],
  ['6', 'tcp'],
  ['17', 'udp'],
]);

// Each set ends where a line closes a bracket as deep as the one that opened it.
const blockOf = (listing: string, set: string): string => {
  const start = listing.search(new RegExp(String.raw`^\t(?:set|map) ${set} \{`, 'm'));
  return start < 0 ? '' : listing.slice(start, listing.indexOf('\n\t}', start));
};

export const parseKeys = (listing: string, set: string): Set<string> => new Set(parseElements(listing, set).keys());

/** The port that each element of the map `ports` leads to. */
export const parseTargets = (listing: string): Map<string, number> =>
  new Map(
    [...parseElements(listing, 'ports')].map(([key, rest]) => [key, Number(/: \S+ \. (\d+)/.exec(rest)?.[1] ?? 0)]),
  );

export const parseCounters = (listing: string, set: string): Map<string, { packets: number; bytes: number }> =>
  new Map(
    [...parseElements(listing, set)].map(([key, rest]) => {
      const [, packets, bytes] = /counter packets (\d+) bytes (\d+)/.exec(rest) ?? [];
      return [key, { packets: Number(packets ?? 0), bytes: Number(bytes ?? 0) }];
    }),
  );
