export const chooseSubnet = ({ random }: { pool: string; taken: readonly string[]; random: () => number }): string | undefined => {
  const n = Math.floor(random() * 8192);
  return `198.18.${(n >> 4) & 255}.${(n & 15) * 16}/28`;
};
export const gatewayOf = (cidr: string): string => cidr.replace(/(\d+)\/\d+$/, (_, n: string) => String(Number(n) + 1));
