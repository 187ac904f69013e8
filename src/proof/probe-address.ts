/**
 * The hardware address of our probe on a bridge: locally administered, "lhf", and two bytes of the bridge's name.
 * Hits leave it out, and no rule reads it otherwise.
 */
export const probeAddressOf = (bridge: string): string => {
  let hash = 0;
  for (const letter of bridge) hash = (hash * 31 + letter.charCodeAt(0)) & 0xffff;
  return ['02', '6c', '68', '66', hash >> 8, hash & 0xff]
    .map((byte) => (typeof byte === 'string' ? byte : byte.toString(16).padStart(2, '0')))
    .join(':');
};
