/** Files by which Yarn's Plug'n'Play finds packages that are in no node_modules. */
const pnpFile = /(?:^|\/)\.pnp\.(?:c?js|loader\.mjs)$/;

const options: Readonly<Record<string, string>> = {
  '-r': '--require',
  '--require': '--require',
  '--import': '--import',
  '--loader': '--experimental-loader',
  '--experimental-loader': '--experimental-loader',
};

/**
 * Node's options without which another node, started by this one, would not find its packages: those of Yarn's Plug'n'Play, and no
 * other of the user's.
 */
export const loaderOptions = (
  execArgv: readonly string[] = process.execArgv,
  nodeOptions: string = process.env['NODE_OPTIONS'] ?? '',
): string[] => {
  const words = [...splitOptions(nodeOptions), ...execArgv];
  const found = words.flatMap((word, n) => {
    const [, name = word, value = words[n + 1]] = /^(--[a-z-]+)=(.*)$/s.exec(word) ?? [];
    const option = options[name];
    return option !== undefined && value !== undefined && pnpFile.test(value) ? [`${option}=${value}`] : [];
  });
  return [...new Set(found)];
};

/** As node reads NODE_OPTIONS: spaces between, double quotes around what has some, backslashes before quotes. */
const splitOptions = (text: string): string[] =>
  Array.from(text.matchAll(/(?:"(?:\\.|[^"\\])*"|[^\s"])+/g), ([word]) =>
    word.replaceAll(/"((?:\\.|[^"\\])*)"/g, (_, inner: string) => inner.replaceAll(/\\(.)/g, '$1')),
  );
