import type Docker from 'dockerode';

/** Something that an engine was asked to make without saying whether it has, by its name, which nobody else chooses. */
export interface Doubtful {
  readonly kind: 'network' | 'container';
  readonly name: string;
}

/** How often it is looked for: an engine that was busy may be about to make it. */
const looks = 5;

const doubtful = new WeakMap<Docker, Map<string, Doubtful & { left: number }>>();

/** Remembers it, for whoever next looks for what is left. */
export const doubt = (docker: Docker, thing: Doubtful): void => {
  const things = doubtful.get(docker) ?? new Map();
  doubtful.set(docker, things.set(`${thing.kind} ${thing.name}`, { ...thing, left: looks }));
};

/** Those of an engine that may be there, each to be looked for; one that `remove` has found is gone from here. */
export const removeDoubtful = async (docker: Docker, remove: (thing: Doubtful) => Promise<boolean>): Promise<void> => {
  const things = doubtful.get(docker);
  for (const [key, thing] of things ?? []) {
    // One that cannot be asked for now is asked for again.
    const wasThere = await remove(thing).catch(() => undefined);
    if (wasThere === false) thing.left -= 1;
    if (wasThere === true || thing.left === 0) things?.delete(key);
  }
};
