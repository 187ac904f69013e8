/** The names and marks by which everything that a run creates can be recognised. */

/** Docker labels. */
export const labels = {
  session: 'localhost-forward.session',
  owner: 'localhost-forward.owner',
  created: 'localhost-forward.created',
  bridge: 'localhost-forward.bridge',
} as const;

/** The labels of what belongs to a bridge and an owner. */
export const renderLabels = (bridge: string, session: string): Record<string, string> => ({
  [labels.session]: session,
  [labels.owner]: String(process.pid),
  [labels.created]: new Date().toISOString(),
  [labels.bridge]: bridge,
});

/** All names of one forward, from its id: eight characters, the first five its process's nonce. */
export const namesOf = (id: string) => {
  const bridge = `lhf-${id}`;
  return {
    bridge,
    network: bridge,
    hopsTable: `lhf_hops_${id}`,
    chain: `LHF-${bridge}`,
    probe: (nth: string) => `lhf-probe-${id}-${nth}`,
  } as const;
};

export type Names = ReturnType<typeof namesOf>;

const bridgePattern = /^lhf-([0-9a-z]{8})$/;

/** The id behind a bridge's name, or undefined where the name is none of ours. */
export const idOfBridge = (bridge: string): string | undefined => bridgePattern.exec(bridge)?.[1];

/** The mark on rules and tables: `lhf:<bridge>:<session>`. */
export const renderMark = (bridge: string, session: string): string => `lhf:${bridge}:${session}`;

/** The first mark in a line of somebody's listing. */
export const parseMark = (text: string): { bridge: string; session: string } | undefined => {
  const [, bridge, session] = /lhf:(lhf-[0-9a-z]{8}):([0-9a-z-]+)/.exec(text) ?? [];
  return bridge === undefined || session === undefined ? undefined : { bridge, session };
};
