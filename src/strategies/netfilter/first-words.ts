/** What a program said first, in one line: iptables-restore goes on in the next one after its own name. */
export const firstWords = (said: string): string =>
  said
    .trim()
    .replaceAll(/: *\n+/g, ': ')
    .split('\n')[0] ?? '';
