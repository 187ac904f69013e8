/** An IPv4 subnet: its lowest address as a number, and how many bits of it are the network's. */
export interface Cidr {
  readonly base: number;
  readonly bits: number;
}

/** Reads `198.18.0.0/28`; host bits are masked away, anything else is undefined. */
export const parseCidr = (text: string): Cidr | undefined => {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d|[12]\d|3[0-2])$/.exec(text);
  const [a = 256, b = 256, c = 256, d = 256, bits = 33] = match?.slice(1).map(Number) ?? [];
  if ([a, b, c, d].some((byte) => byte > 255)) return undefined;
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  const size = sizeOf(bits);
  return { base: Math.floor(address / size) * size, bits };
};

export const renderCidr = ({ base, bits }: Cidr): string => `${renderAddress(base)}/${bits}`;

/** The first host address, which bridges have. */
export const gatewayOf = (cidr: string): string => renderAddress((parseCidr(cidr)?.base ?? 0) + 1);

/** The first one after the gateway, which a container has that is there before all others. */
export const firstAddressOf = (cidr: string): string => renderAddress((parseCidr(cidr)?.base ?? 0) + 2);

/** The last host address: our probes' own. */
export const probeAddressOf = (cidr: string): string => {
  const { base, bits } = parseCidr(cidr) ?? { base: 0, bits: 32 };
  return renderAddress(base + sizeOf(bits) - 2);
};

/** The one before: a sidecar's own. */
export const sidecarAddressOf = (cidr: string): string => {
  const { base, bits } = parseCidr(cidr) ?? { base: 0, bits: 32 };
  return renderAddress(base + sizeOf(bits) - 3);
};

/**
 * What an engine gives addresses of to whoever asks for none: half of a subnet of our choice, so that no container of a user's ever has
 * one of ours. Engines take no range but such a block.
 */
export const rangeIn = (cidr: string): string => {
  const { base, bits } = parseCidr(cidr) ?? { base: 0, bits: 31 };
  return renderCidr({ base, bits: bits + 1 });
};

/** How many containers of the user's have an address that is neither the gateway's nor the probes' in a subnet that he chose. */
export const roomIn = (cidr: string): number => sizeOf(parseCidr(cidr)?.bits ?? 32) - 4;

/** All host addresses but the gateway's, from the lowest to the highest. */
export const callersOf = (cidr: string): string => `${firstAddressOf(cidr)}-${probeAddressOf(cidr)}`;

/** As many as a network of a size of ours has room for. */
const mostUsual = 14;

/** Those of them that an engine gives first, which are neither a probe's nor a sidecar's. */
export const usualCallersOf = (cidr: string): string[] => {
  const { base, bits } = parseCidr(cidr) ?? { base: 0, bits: 31 };
  const count = Math.max(0, Math.min(mostUsual, sizeOf(bits + 1) - 2));
  return Array.from({ length: count }, (_, place) => renderAddress(base + 2 + place));
};

/**
 * Whether a caller's address is one that a container of the network has. Where an engine keeps networks apart by no rules of its own, those
 * of others come under the gateway's address, which no container has.
 */
export const isCallerOf = (address: string, { subnet, gateway }: { subnet: string; gateway: string }): boolean => {
  const [own, caller] = [parseCidr(subnet), parseCidr(`${address}/32`)];
  return own !== undefined && caller !== undefined && overlaps(own, caller) && address !== gateway;
};

export const overlaps = (one: Cidr, other: Cidr): boolean =>
  one.base < other.base + sizeOf(other.bits) && other.base < one.base + sizeOf(one.bits);

/** Room for 14 containers in the half that is theirs: small, since the engine's own pools end after 30 networks. */
export const bitsOfOne = 27;

/** Wider routes mean "everything that way", as the two halves do by which a VPN takes the default route's place. */
const bitsOfWidest = 8;

/** Where networks of ours are, unless somebody names another pool: RFC 2544's range for benchmarks, routable and next to nobody's network. */
export const defaultPool = '198.18.0.0/15';

/** What is tried where that is taken whole, as by a VPN that gives names addresses of its own in it: ends of private ranges. */
const otherPools = ['10.254.0.0/16', '172.31.240.0/20', '192.168.240.0/20'];

/**
 * A free /27 of the pool that overlaps with nothing taken, or of another one in place of the default pool; undefined where none is left.
 * The search starts anywhere, so that processes that start together seldom choose the same. Default routes take nothing.
 */
export const chooseSubnet = ({ pool, taken, random }: Wanted): string | undefined => {
  for (const one of pool === defaultPool ? [pool, ...otherPools] : [pool]) {
    const subnet = chooseIn({ pool: one, taken, random });
    if (subnet !== undefined) return subnet;
  }
  return undefined;
};

interface Wanted {
  readonly pool: string;
  readonly taken: readonly string[];
  readonly random: () => number;
}

const chooseIn = ({ pool, taken, random }: Wanted): string | undefined => {
  const candidates = listCandidates(pool, taken);
  const start = Math.floor(random() * candidates.count);
  for (let n = 0; n < candidates.count; n += 1) {
    const candidate = candidates.at((start + n) % candidates.count);
    if (candidates.isFree(candidate)) return renderCidr(candidate);
  }
  return undefined;
};

/** How many /27 of the pool are free. */
export const countFree = ({ pool, taken }: { pool: string; taken: readonly string[] }): number => {
  const candidates = listCandidates(pool, taken);
  return Array.from({ length: candidates.count }, (_, n) => candidates.at(n)).filter(candidates.isFree).length;
};

interface Candidates {
  readonly count: number;
  at(n: number): Cidr;
  isFree: (candidate: Cidr) => boolean;
}

const listCandidates = (pool: string, taken: readonly string[]): Candidates => {
  const whole = parseCidr(pool) ?? { base: 0, bits: 32 };
  const others = taken
    .flatMap((cidr) => parseCidr(cidr) ?? [])
    .filter((other) => other.bits >= bitsOfWidest && overlaps(other, whole));
  return {
    count: Math.floor(2 ** (bitsOfOne - whole.bits)),
    at: (n) => ({ base: whole.base + n * sizeOf(bitsOfOne), bits: bitsOfOne }),
    isFree: (candidate) => !others.some((other) => overlaps(candidate, other)),
  };
};

const sizeOf = (bits: number): number => 2 ** (32 - bits);

const renderAddress = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
