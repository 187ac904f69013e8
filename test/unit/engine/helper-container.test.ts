import { expect, test } from 'vitest';
import { describeHelperRefusal, renderHelper } from '../../../src/engine/helper-container.ts';

const refusal = (message: string, statusCode?: number): Error =>
  Object.assign(new Error(message), statusCode === undefined ? {} : { statusCode, json: { message } });

test.each([
  ['No such image: no/such:1', 404, 'docker pull no/such:1'],
  ['mkdir /var/lib/docker/x: no space left on device', 500, 'docker system df'],
  // Of an image that is being loaded, whose answer's status was sent before.
  ['loading x: Error processing tar file: no space left on device', undefined, 'docker system df'],
  ['invalid mount config: bind source path does not exist: /opt/node', 400, /LOCALHOST_FORWARD_PROBE_IMAGE=/],
])('%s (%s): what to try', (message, status, advice) => {
  expect(describeHelperRefusal(refusal(message, status))?.try).toMatch(advice);
});

test('what no engine said is no refusal', () => {
  expect(describeHelperRefusal(refusal('socket hang up'))).toBeUndefined();
});

test.each([
  ['nothing', {}, '65534:65534', []],
  ['to listen below 1024', { listensBelow1024: true }, '0:0', ['NET_BIND_SERVICE']],
  ['a capability', { capabilities: ['NET_ADMIN'] }, '0:0', ['NET_ADMIN']],
] as const)('by whom a helper runs, and with which capabilities, where it may do %s', (_, wish, user, capabilities) => {
  const helper = { name: 'lhf-x', labels: {}, program: '', network: 'bridge', ...wish };
  const { User, HostConfig } = renderHelper(helper, 'empty', []);
  expect([User, HostConfig?.CapDrop, HostConfig?.CapAdd]).toEqual([user, ['ALL'], capabilities]);
});
