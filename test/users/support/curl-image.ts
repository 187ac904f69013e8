import Docker from 'dockerode';
import { importFiles } from './import-files.ts';

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
export const ensureCurlImage = (docker = new Docker()): Promise<string> =>
  importFiles(docker, name, {
    programs: ['/bin/bash'],
    texts: { 'bin/curl': curl, 'bin/sh': '#!/bin/bash\nexec /bin/bash "$@"\n' },
  });
