import { LocalhostForwardError } from '../../../errors.ts';
import { firstWords } from '../first-words.ts';

/** An error with iptables' own words. */
export const rulesRefused = (what: string, words: string): LocalhostForwardError =>
  new LocalhostForwardError(
    'LHF_ERR_RULES',
    { what: `The iptables rules ${what}: ${firstWords(words)}`, try: 'localhost-forward doctor' },
    { strategy: 'iptables', stderr: words },
  );
