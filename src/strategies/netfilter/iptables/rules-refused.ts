import { LocalhostForwardError } from '../../../errors.ts';

/** An error with iptables' own words. */
export const rulesRefused = (what: string, words: string): LocalhostForwardError => {
  const [first = words] = words.split('\n').filter((line) => line.trim() !== '');
  return new LocalhostForwardError(
    'LHF_ERR_RULES',
    { what: `The iptables rules ${what}: ${first}`, try: 'localhost-forward doctor' },
    { strategy: 'iptables', stderr: words },
  );
};
