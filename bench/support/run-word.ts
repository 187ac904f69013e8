/** Names this run's word to its processes. */
export const runVariable = 'LHF_BENCH';

/** This run's word: the label on its networks and containers, and in the environment of all its processes. */
export const runWord = (): string => process.env[runVariable] ?? '';
