import { homedir } from 'node:os';

/** Text fit for a bug report: no credentials of URLs, no home folder and so no user's name. */
export const redact = (text: string, home: string = homedir()): string =>
  text.replaceAll(/(\w+:\/\/)[^/@\s]*@/g, '$1').replaceAll(home.length > 1 ? home : '\0', '~');
