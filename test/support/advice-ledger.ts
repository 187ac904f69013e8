/*
 * Every text that may stand behind `Try:`, or be a finding's advice, as the source has it. Each is done by a test that then sees it work,
 * or only a person can do it.
 */

/** Commands that look, or that mend what a test of their own would break no better: they are run, with these values. */
export const commands: Readonly<Record<string, readonly string[]>> = {
  'docker -H ${…} info': ['$DOCKER_HOST'],
  'docker -H ${…} version': ['$DOCKER_HOST'],
  'docker context ls': [],
  'docker context use default': [],
  'docker info': [],
  'docker network connect ${…} <container>': ['$NETWORK'],
  'docker network inspect ${…}': ['$NETWORK'],
  'docker network ls': [],
  'docker network prune': [],
  'docker system df': [],
  'env -u DOCKER_HOST docker info': [],
  'localhost-forward doctor': [],
  'localhost-forward ls': [],
  'localhost-forward sweep': [],
  'npm ls dockerode': [],
  'ss -ln${…}p': ['t'],
  "ss -l${…}np 'sport = :${…}'": ['t', '8088'],
  "ss -ln${…}p 'sport = :${…}'": ['t', '8088'],
  "ss -ltnp 'sport = :${…}'": ['8088'],
  'sudo -n nft list tables': [],
  'sudo nft list ruleset': [],
};

/** Done by tests of their own, each with the file and part of the title. */
export const done: Readonly<Record<string, readonly [file: string, title: string]>> = {
  'export DOCKER_HOST=unix://${…}': ['test/engine/elsewhere.test.ts', 'one that an engine has elsewhere is told'],
  'await net.restore(${…})': ['test/contract/faults.test.ts', 'a proof and a diagnosis name the cut'],
  'in process ${…}, which opened it: await net.restore(${…})': [
    'test/users/shared.test.ts',
    'is told what its owner has cut',
  ],
  "strategy: 'sidecar'": ['test/engine/elsewhere.test.ts', 'from a network namespace beside the engine’s'],
  '"preset": "localhost-forward/jest" in Jest\'s configuration, or globalSetup of localhost-forward/jest/global': [
    'test/users/jest.test.ts',
    'CommonJS, ESM and TypeScript with the preset',
  ],
  'test.use({ localhostForward: { ports: 8088 } })': [
    'test/users/playwright.test.ts',
    'a forward for each worker, fixtures, matchers, and what is missing',
  ],
  '"setupFilesAfterEnv": ["localhost-forward/jest/matchers"]': [
    'test/users/jest.test.ts',
    'CommonJS, ESM and TypeScript with set-ups of their own',
  ],
  '"testEnvironmentOptions": { "localhostForward": { "ports": [8088] } }': [
    'test/users/jest.test.ts',
    'CommonJS, ESM and TypeScript with the preset',
  ],
  'a file with `export default globalForward(8088)`, named in globalSetup of vitest.config': [
    'test/users/vitest.test.ts',
    'the forward of the global set-up',
  ],
  '{ hostPort: ${…}, containerPort: ${…} }': ['test/engine/loopbacks.test.ts', 'is told which port is free for it'],
  'openLocalhostForward(ports) in a beforeAll() of your own': ['test/users/jest.test.ts', 'has its own'],
  "strategy: 'nftables'": ['test/contract/udp.test.ts', 'stands beside TCP of the same number, and sees its caller'],
  'docker run --group-add ${…} …': ['test/crash/job.test.ts', 'a user of a container who may not open the socket'],
  'docker run -v /var/run/docker.sock:/var/run/docker.sock …': [
    'test/crash/job.test.ts',
    'a container without the socket is told how it gets one',
  ],
  'docker run --add-host ${…}:${…} …': [
    'test/engine/probe-turns.test.ts',
    'name the container that dials another network’s gateway',
  ],
  'docker run --cap-add NET_ADMIN --network host --security-opt systempaths=unconfined …': [
    'test/crash/job.test.ts',
    'what the advice says is enough for the others',
  ],
  "{ hostPort: ${…}, hostAddress: '::1' } in place of ${…}": [
    'test/engine/loopbacks.test.ts',
    'where 127.0.0.1 is asked for',
  ],
  "strategy: 'relay'": ['test/engine/loopbacks.test.ts', 'a service that is bound to lo'],
  'let the service listen on 127.0.0.1': ['test/contract/udp.test.ts', 'stands beside TCP of the same number'],
  'net.applyTo(new GenericContainer(image))': ['test/users/testcontainers.test.ts', 'a builder keeps its type'],
  'net.forward(8088)': ['test/contract/ports.test.ts', 'come and go while containers run'],
  'await net.verify()': ['test/firewall/findings.test.ts', 'tells a rule that is gone, and verify puts it back'],
  'joinLocalhostForward(net.toJSON())': [
    'test/contract/proof.test.ts',
    'a worker counts and proves what was opened elsewhere',
  ],
  "nock.enableNetConnect('${…}')": ['test/users/surroundings.test.ts', 'works'],
  'open another forward': ['test/contract/close.test.ts', 'closing is idempotent'],
  'openLocalhostForward() in this process': ['test/contract/close.test.ts', 'a run and its end'],
  'listener: true, where the forward is opened': ['test/contract/listener.test.ts', 'keeps what it was asked'],
  'openLocalhostForward(0, { listener: true }) in this process': [
    'test/contract/listener.test.ts',
    'keeps what it was asked',
  ],
  'await net.nextRequest() before net.close()': ['test/contract/listener.test.ts', 'keeps what it was asked'],
  'node --permission --allow-child-process --allow-fs-read=* --allow-fs-write=*${…} …': [
    'test/engine/surroundings.test.ts',
    'it works, each beside the others',
  ],
  '{ sudo -V 2>&1 | grep -q sudo-rs || echo "Defaults:$(id -un) !requiretty"; echo "$(id -un) ALL=(root) NOPASSWD: ALL"; } | sudo tee /etc/sudoers.d/localhost-forward':
    ['test/engine/sudo.test.ts', 'the advice gives the right'],
  "server.on('request', async (request) => await net.callerOf(request))": [
    'test/contract/listener.test.ts',
    'keeps what it was asked, and tells by whom',
  ],
  'sudo ip rule add pref ${…} to ${…} lookup main': ['test/firewall/routes.test.ts', 'and the advice mends it'],
  'sudo firewall-cmd --zone=trusted --change-interface=${…}': [
    'test/firewall/firewalld.test.ts',
    'and the advice mends it',
  ],
  'sudo iptables -t ${…} -I ${…} 1 -${…} ${…}${…} -j ACCEPT': ['test/firewall/findings.test.ts', 'names the drop by'],
  'sudo iptables -t ${…} -I PREROUTING 1 -i ${…} -j ACCEPT': ['test/firewall/taken.test.ts', 'the advice mends it'],
  'sudo iptables -t nat -I PREROUTING 1 -i ${…} -m addrtype --dst-type LOCAL -m comment --comment lhf:${…} -j ${…}': [
    'test/firewall/taken.test.ts',
    'put before our own in the same chain, and the advice mends it',
  ],
  'sudo nft insert rule ${…} ${…} ${…} ${…}ifname ${…}${…} accept': [
    'test/firewall/findings.test.ts',
    'names the drop by',
  ],
  'sudo nft insert rule bridge ${…} ${…} ip ${…}addr ${…} accept': [
    'test/firewall/findings.test.ts',
    'names the drop by',
  ],
  'sudo nft insert rule ${…} ${…} ${…} iifname ${…} accept': ['test/firewall/taken.test.ts', 'the advice mends it'],
  'sudo sysctl -w net.ipv4.conf.${…}.route_localnet=1': [
    'test/firewall/findings.test.ts',
    'names route_localnet, turned off behind our back',
  ],
  "docker network prune --filter 'label!=localhost-forward.session'": [
    'test/engine/field.test.ts',
    'a network that was pruned',
  ],
  "process.chdir('/')": ['test/unit/strategies/carrier/start-thread.test.ts', 'from a thread, which may go nowhere'],
  "strategy: 'auto'": ['test/engine/doctor.test.ts', 'doctor and opening agree'],
  "strategy: 'tunnel'": ['test/engine/tunnel.test.ts', 'is reached by a tunnel'],
  'unset LOCALHOST_FORWARD_SUBNET_POOL': ['test/firewall/routes.test.ts', 'No free'],
  'withLocalhostForward(8088, async (net) => { … })': ['test/contract/close.test.ts', 'the body’s value is passed on'],
};

/** What only a person can do, or decide: why no test does it. */
export const forPeople: Readonly<Record<string, string>> = {
  'ask the forward in the process that opened it': 'which one that is, the user knows',
  'docker exec ${…} ss -lnp': 'takes a container of the user’s with ss in it',
  'docker version': 'which engine it is, and what it asks for names, the user decides',
  'nothing to do; where a container does not know the name ${…}, put it on this network (net.applyTo(), net.dockerRunArgs); where the service answers 403, allow it that name (vite: server.allowedHosts)':
    'the user’s own container or service is to be told',
  'TMPDIR=<a folder that this user may write to>': 'which folder that is, the user knows',
  '{ hostPort, containerPort: 8080 }, a port above 1023': 'which port is free for it, the user knows',
  'a hostname that stands in no DNS server': 'a name of the user’s choice',
  'a port above 1023': 'a port of the user’s choice',
  'await spawn() or execFile() in the process that opened the forward':
    'the user’s own script is to be written otherwise',
  'openLocalhostForward([8088, 9090])': 'which ports, the user knows',
  'another container port': 'a port of the user’s choice',
  'ask within test(), or in a beforeAll() of your own after it': 'the user’s own tests are to be written otherwise',
  'await expect(net).${…}()': 'the user’s own test is to be written otherwise',
  'DEBUG=localhost-forward* localhost-forward smoke': 'what it prints is to be read',
  'export DEBUG=localhost-forward*': 'what it prints is to be read',
  'docker network create a-job': 'how the job’s container is started is the job’s',
  'docker pull ${…}': 'takes a registry',
  'DOCKER_CERT_PATH=<the folder with ca.pem> docker info': 'where the certificates are, the user knows',
  'let a container of this network (net.applyTo(), net.dockerRunArgs) call ${…}':
    'the user’s own container is to call it',
  'LOCALHOST_FORWARD_PROBE_IMAGE=node:24-alpine localhost-forward smoke': 'takes a registry',
  'export LOCALHOST_FORWARD_PROBE_IMAGE=node:24-alpine': 'takes a registry',
  'LOCALHOST_FORWARD_SUBNET_POOL=<a /16 that this host has no route to>': 'which one that is, the user decides',
  'LOCALHOST_FORWARD_TUNNEL_IMAGE=<an image with an sshd that the engine has or can pull>': 'takes a registry',
  "look for what leads this host's own connections to ${…} elsewhere, and except them: sudo nft list ruleset":
    'what it prints is to be read',
  'look for what takes packets from ${…}, and let them pass: sudo nft list ruleset': 'what it prints is to be read',
  'look for what drops packets from ${…}, and let them pass: sudo nft list ruleset': 'what it prints is to be read',
  'name all ports in each project, or useLocalhostForward(ports) in the files that need others':
    'the user’s own projects are to be written otherwise',
  'node without --jitless': 'why it was given, the user knows',
  'nothing to do': 'nothing is to be done',
  'nvm install 24': 'takes a registry',
  'open the forward before the spies': 'the user’s own tests are to be written otherwise',
  'sudo apt-get install iptables': 'takes a registry',
  'sudo apt-get install nftables': 'takes a registry',
  'sudo systemctl restart docker': 'there is no systemd here: findings.test.ts starts the engine again itself',
  'sudo systemctl ${…} docker': 'there is no systemd here: findings.test.ts starts the engine again itself',
  'sudo usermod -aG docker "$USER"': 'takes another login',
  'run it as root': 'who that may be, the user decides',
  'curl -fsSL https://get.docker.com | sh': 'takes the Internet',
  'brew install --cask docker': 'for macOS, which is not here',
  'open -a Docker': 'for macOS, which is not here',
  'sudo systemctl start docker': 'there is no systemd here: findings.test.ts starts the engine again itself',
  'systemctl start podman.socket': 'there is no systemd here',
  'systemctl --user start docker': 'there is no systemd here',
  'systemctl --user start docker-desktop': 'there is no systemd here',
  'sudo systemctl start podman.socket': 'there is no systemd here',
  'docker desktop start': 'for engines in virtual machines, of which there is none here',
  'open -a OrbStack': 'for macOS, which is not here',
  'colima start': 'for engines in virtual machines, of which there is none here',
  'rdctl start': 'for engines in virtual machines, of which there is none here',
  'systemctl --user start podman.socket': 'there is no systemd here',
  'ulimit -n $(ulimit -Hn)': 'of the shell that the user started it from',
  "hostname: '${…}'": 'for engines in virtual machines, of which there is none here',
  "strategy: 'native'": 'for engines in virtual machines, of which there is none here',
};
