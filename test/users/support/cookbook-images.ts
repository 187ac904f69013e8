import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Docker from 'dockerode';
import { projectRoot } from '../../support/children.ts';
import { importFiles } from './import-files.ts';

// What script/bootstrap unpacked of the distribution's packages.
const nginx = join(projectRoot, '.tools/nginx');
const prometheus = join(projectRoot, '.tools/prometheus');
const chromium = join(projectRoot, '.tools/chromium');

const users = {
  'etc/passwd': 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n',
  'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
};

export const hasNginx = (): boolean => existsSync(join(nginx, 'usr/sbin/nginx'));

/** An image that is used as Docker Hub's `nginx` is. */
export const ensureNginxImage = (docker = new Docker()): Promise<string> =>
  importFiles(docker, 'localhost-forward-test-nginx:latest', {
    unpacked: nginx,
    programs: [join(nginx, 'usr/sbin/nginx')],
    folders: ['run', 'var/run', 'var/log/nginx', 'var/lib/nginx', 'etc/nginx'],
    texts: users,
    changes: ['CMD ["/usr/sbin/nginx", "-g", "daemon off;"]', 'EXPOSE 80'],
  });

export const hasPrometheus = (): boolean => existsSync(join(prometheus, 'usr/bin/prometheus'));

/** An image that is used as `prom/prometheus` is. */
export const ensurePrometheusImage = (docker = new Docker()): Promise<string> =>
  importFiles(docker, 'localhost-forward-test-prometheus:latest', {
    unpacked: prometheus,
    programs: [join(prometheus, 'usr/bin/prometheus')],
    folders: ['tmp', 'etc/prometheus', 'prometheus'],
    changes: [
      'ENTRYPOINT ["/usr/bin/prometheus"]',
      'CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]',
      'EXPOSE 9090',
    ],
  });

const headless = 'usr/lib/chromium';

export const hasBrowser = (): boolean => existsSync(join(chromium, headless));

/** An image that is used as `zenika/alpine-chrome` is. */
export const ensureBrowserImage = (docker = new Docker()): Promise<string> =>
  importFiles(docker, 'localhost-forward-test-browser:latest', {
    unpacked: chromium,
    programs: [join(chromium, headless, 'chromium-headless-shell')],
    beside: [
      'icudtl.dat',
      'v8_context_snapshot.bin',
      'resources.pak',
      'locales/en-US.pak',
      'headless_lib_data.pak',
      'headless_lib_strings.pak',
      'headless_command_resources.pak',
    ]
      .map((name) => `${headless}/${name}`)
      .concat('usr/share/fonts'),
    folders: ['tmp', 'root'],
    texts: users,
    changes: [`ENTRYPOINT ["/${headless}/chromium-headless-shell"]`],
  });
