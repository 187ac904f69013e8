/**
 * The hardware address of our probe on a bridge: locally administered, "lhf", and two bytes of the bridge's name.
 * Hits leave it out, and no rule reads it otherwise.
 */
export const probeAddressOf = (bridge: string): string => {
  const [first = 0, second = 0] = [...bridge].reduce(([a, b], letter) => [(a * 31 + letter.charCodeAt(0)) & 255, (b * 37 + letter.charCodeAt(0)) & 255], [7, 11]);
  return ['02', '6c', '68', '66', first.toString(16).padStart(2, '0'), second.toString(16).padStart(2, '0')].join(':');
};
