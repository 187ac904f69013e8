import { LocalhostForwardError } from '../errors.ts';

/**
 * A compose file that puts services on a forward's network, beside the one they share, and gives them the name.
 * JSON strings are YAML strings, so nothing in them can break out.
 *
 * @throws LHF_ERR_INVALID_OPTION for what cannot be a service's name.
 */
export const renderComposeOverride = (services: readonly string[], net: { networkName: string; hostname: string; gateway: string }): string => {
  if (!Array.isArray(services)) throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', { what: `Expected \`services\` to be a list of names, got \`${String(services)}\`` });
  for (const [n, service] of services.entries()) {
    if (typeof service === 'string' && /^[a-zA-Z0-9._-]+$/.test(service)) continue;
    throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', { what: `Expected \`services[${n}]\` to be the name of a compose service, got \`${service}\`` });
  }
  if (services.length === 0) throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', { what: 'Expected `services` to name at least one service, got none' });
  // Named twice, a service would be two keys of one mapping, which YAML has not.
  const entries = [...new Set(services)].flatMap((service) => [
    `  ${JSON.stringify(service)}:`,
    '    networks: ["default", "localhost-forward"]',
    `    extra_hosts: [${JSON.stringify(`${net.hostname}:${net.gateway}`)}]`,
  ]);
  return ['services:', ...entries, 'networks:', '  "localhost-forward":', '    external: true', `    name: ${JSON.stringify(net.networkName)}`, ''].join('\n');
};
