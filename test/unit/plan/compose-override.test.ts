import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderComposeOverride } from '../../../src/plan/compose-override.ts';

const net = { networkName: 'lhf-abcde123', hostname: 'host.docker.internal', gateway: '198.18.0.1' };
const service = { networks: ['default', 'localhost-forward'], extra_hosts: ['host.docker.internal:198.18.0.1'] };

describe('renderComposeOverride', () => {
  it.each([[['web']], [['web', 'api-2', 'a.b_c']], [['null', 'yes', '1', '~x'.slice(1)]]])('is a compose file for %j', (services) => {
    expect(parse(renderComposeOverride(services, net))).toEqual({
      services: Object.fromEntries(services.map((name) => [name, service])),
      networks: { 'localhost-forward': { external: true, name: 'lhf-abcde123' } },
    });
  });

  it('names a service once', () => {
    expect(Object.keys((parse(renderComposeOverride(['web', 'web'], net)) as { services: object }).services)).toEqual(['web']);
  });

  it('lets nothing break out', () => {
    const odd = { networkName: 'a": {x: 1}\n#', hostname: `"'\n- x`, gateway: ']' };
    const parsed = parse(renderComposeOverride(['web'], odd)) as { services: { web: typeof service }; networks: Record<string, unknown> };
    expect(parsed.services.web.extra_hosts).toEqual([`${odd.hostname}:${odd.gateway}`]);
    expect(parsed.networks['localhost-forward']).toEqual({ external: true, name: odd.networkName });
  });

  it.each<[unknown, string]>([
    [[], 'services'],
    ['web', 'services'],
    [undefined, 'services'],
    [[''], 'services[0]'],
    [['web', 'a b'], 'services[1]'],
    [['web:\n  privileged'], 'services[0]'],
    [[7], 'services[0]'],
    [[null], 'services[0]'],
  ])('refuses %j', (services, path) => {
    expect(() => renderComposeOverride(services as string[], net)).toThrow(expect.objectContaining({ code: 'LHF_ERR_INVALID_OPTION', message: expect.stringContaining(`\`${path}\``) as string }));
  });
});
