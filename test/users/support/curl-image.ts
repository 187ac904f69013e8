import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Docker from 'dockerode';
import { execHere, outputOf } from '../../support/run.ts';

const name = 'localhost-forward-test-curl:latest';

// As much of curl as the examples use, in bash: no registry is asked for an image with the real one.
const curl = `#!/bin/bash
url=\${*: -1}
rest=\${url#http://}
host=\${rest%%/*}
port=\${host#*:}
if [ "$port" = "$host" ]; then port=80; fi
path=/
case "$rest" in */*) path=/\${rest#*/} ;; esac
exec 3<> "/dev/tcp/\${host%%:*}/$port" || exit 7
method=GET
body=
if [ "\${*: -3:1}" = --json ]; then method=POST body=\${*: -2:1}; fi
printf '%s %s HTTP/1.0\\r\\nHost: %s\\r\\nContent-Length: %s\\r\\n\\r\\n%s' "$method" "$path" "$host" "\${#body}" "$body" >&3
while IFS= read -r line <&3 && [ "$line" != $'\\r' ]; do :; done
IFS= read -r -d '' body <&3
printf %s "$body"
`;

/** An image of the kind of curlimages/curl, made of this host's bash. */
export const ensureCurlImage = async (docker = new Docker()): Promise<string> => {
  const known = await docker.listImages({ filters: { reference: [name] } });
  if (known.length > 0) return name;
  const folder = await mkdtemp(join(tmpdir(), 'lhf-test-image-'));
  try {
    const linked = await outputOf(execHere, ['ldd', '/bin/bash']);
    const libraries = [...linked.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
    for (const path of ['/bin/bash', ...libraries]) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await cp(path, join(folder, path), { dereference: true });
    }
    await writeFile(join(folder, 'bin/curl'), curl);
    await chmod(join(folder, 'bin/curl'), 0o755);
    await outputOf(execHere, ['tar', '-cf', 'image.tar', '--exclude=image.tar', '.'], { cwd: folder });
    const [repo = '', tag = ''] = name.split(':');
    const imported = await docker.importImage(createReadStream(join(folder, 'image.tar')), { repo, tag });
    await new Promise<void>((resolve, reject) => imported.on('end', resolve).on('error', reject).resume());
    return name;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
