import { join } from 'node:path';
import { projectRoot } from './children.ts';
import { execHere, outputOf, spawnHere, type Spawn } from './run.ts';

/** Who runs by sudo. */
export const sudoUser = 'lhf-tester';
const user = { name: sudoUser, id: '4245' };

// Over /usr and /etc of mounts of its own: what the package brings, a user, and rules for sudo. A password is not asked for by PAM's
// leave, so that `sudo -v` needs none typed, while `sudo -n` knows that one would have been asked for.
const enter = `
work=$1 package=$2 defaults=$3 rules=$4 groups=$5; shift 5
mount -t tmpfs tmpfs "$work"
mkdir "$work/etc" "$work/upper" "$work/next"
cp /etc/passwd /etc/shadow /etc/group "$work/etc"
echo '${user.name}:x:${user.id}:${user.id}::/:/bin/sh' >> "$work/etc/passwd"
echo '${user.name}:*:19000:0:99999:7:::' >> "$work/etc/shadow"
echo '${user.name}:x:${user.id}:' >> "$work/etc/group"
chmod 640 "$work/etc/shadow"
mkdir -p "$work/etc/sudoers.d" "$work/etc/pam.d"
printf '%s\\n' "$defaults" 'root ALL=(ALL:ALL) ALL' "$rules" '@includedir /etc/sudoers.d' > "$work/etc/sudoers"
chmod 440 "$work/etc/sudoers"
for kind in auth account session; do echo "$kind sufficient pam_permit.so"; done > "$work/etc/pam.d/sudo"
mount -t overlay -o "lowerdir=$work/etc:$package/etc:/etc,upperdir=$work/upper,workdir=$work/next" overlay /etc
mount -t overlay -o "lowerdir=$package/usr:/usr" overlay /usr
exec setpriv --reuid=${user.id} --regid=${user.id} --groups="$groups" "$@"
`;

/**
 * Runs commands as a user of no rights with the sudo of Debian's package, whose rules begin with `defaults`, at a terminal of its own.
 * All that they change in /etc is gone with them. `mayRun` are programs for which no password is asked, where it is for all others; or
 * lines of sudoers, and nothing else is allowed.
 */
export const withRealSudo = async (
  directory: string,
  defaults: string,
  socketPath: string,
  mayRun: readonly string[] | string = [],
): Promise<Spawn> => {
  const group = (await outputOf(execHere, ['stat', '--format=%g', socketPath])).trim();
  const all = `${user.name} ALL=(root) ALL`;
  const rules =
    typeof mayRun === 'string'
      ? mayRun
      : [all, ...(mayRun.length === 0 ? [] : [`${user.name} ALL=(root) NOPASSWD: ${mayRun.join(', ')}`])].join('\n');
  const quote = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;
  return (argv, options) => {
    const command = [
      'sh',
      '-ec',
      enter,
      'enter',
      directory,
      join(projectRoot, '.tools/sudo'),
      defaults,
      rules,
      group,
      ...argv,
    ];
    return spawnHere(['unshare', '--mount', 'script', '-qec', command.map(quote).join(' '), '/dev/null'], options);
  };
};
