// What a user's test does with a forward: starts a container on its network and lets it call a URL. No package is needed.
'use strict';
const { request } = require('node:http');

const socketPath = (process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock').replace('unix://', '');

const engine = (method, path, body) =>
  new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, headers: { 'content-type': 'application/json' } }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part)).on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(parts);
        if (response.statusCode < 400) resolve(text);
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
      });
    });
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });

const program = `fetch(process.argv[1]).then((answer) => answer.text()).then(
  (text) => process.stdout.write('answered ' + text),
  (error) => process.stdout.write('failed ' + (error.cause?.code ?? error)),
)`;

/** The text that the URL answers to a container, as `answered …`, or `failed …` with the error's code. */
const askContainer = async (net, url = net.url()) => {
  const { Id } = JSON.parse(
    await engine('POST', '/containers/create', {
      Image: process.env.ASK_IMAGE,
      Entrypoint: ['/node', '--eval', program, url],
      HostConfig: {
        NetworkMode: net.networkName,
        ExtraHosts: net.extraHosts,
        Binds: JSON.parse(process.env.ASK_BINDS),
      },
    }),
  );
  try {
    await engine('POST', `/containers/${Id}/start`);
    await engine('POST', `/containers/${Id}/wait`);
    const frames = await engine('GET', `/containers/${Id}/logs?stdout=1`);
    return frames.subarray(8).toString();
  } finally {
    await engine('DELETE', `/containers/${Id}?force=1`);
  }
};

module.exports = { askContainer };
