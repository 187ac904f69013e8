import { LocalhostForwardError } from '../errors.ts';
import { isList, readSafely, show } from '../options/expect.ts';
import { renderJson } from '../printable.ts';
import { renderExtraHosts } from './describe.ts';

/**
 * A compose file that puts services on a forward's network, beside the one they share, and gives them the names.
 * JSON strings are YAML strings, so nothing in them can break out.
 *
 * @throws LHF_ERR_INVALID_OPTION for what cannot be a service's name.
 */
export const renderComposeOverride = (
  services: readonly string[],
  net: { readonly networkName: string; readonly hostnames: readonly string[]; readonly gateway: string },
): string => {
  assertServices(services);
  // Keyed by its own name, so that a project can be laid under the overrides of several forwards.
  const network = renderJson(net.networkName);
  const hosts = renderExtraHosts(net).map((entry) => renderJson(entry));
  const entries = [...new Set(services)].flatMap((service) => [
    `  ${renderJson(service)}:`,
    `    networks: ["default", ${network}]`,
    ...(hosts.length === 0 ? [] : [`    extra_hosts: [${hosts.join(', ')}]`]),
  ]);
  return ['services:', ...entries, 'networks:', `  ${network}:`, '    external: true', `    name: ${network}`, ''].join(
    '\n',
  );
};

/**
 * Checks the names of services, before anything is opened for them.
 *
 * @throws LHF_ERR_INVALID_OPTION
 */
export const assertServices = (services: readonly string[]): void => {
  if (!isList(services)) throw refused('`services` to be an array of service names', services);
  for (const [n, service] of readSafely('services', () => Array.from(services)).entries()) {
    if (typeof service === 'string' && /^[a-zA-Z0-9._-]+$/.test(service)) continue;
    throw refused(`\`services[${n}]\` to be the name of a compose service`, service);
  }
  if (services.length === 0) throw refused('`services` to name at least one service', services);
};

const refused = (expectation: string, got: unknown): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
    what: `Expected ${expectation}, got \`${show(got)}\``,
  });
