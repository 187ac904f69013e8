import { homeFolder } from '../host/home.ts';

/** Text fit for a bug report: no credentials of URLs, no home folder and so no user's name. */
export const redact = (text: string, home: string = homeFolder() ?? ''): string =>
  withoutHome(text.replaceAll(/(\w+:\/\/)[^/@\s]*@/g, '$1'), home);

// Where a path begins and at the end of a name only: `/root` is no part of `/srv/rootless`.
const withoutHome = (text: string, home: string): string => {
  const folder = home.replace(/\/+$/, '').replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
  return folder === '' ? text : text.replaceAll(new RegExp(String.raw`(?<![\w.~-])${folder}(?![\w-]|\.\w)`, 'g'), '~');
};
