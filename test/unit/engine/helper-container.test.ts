import { expect, test } from 'vitest';
import { describeHelperRefusal } from '../../../src/engine/helper-container.ts';

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
