import { shellAsRoot } from '../privilege/shell.ts';

/**
 * The shell program that outlives its process: it holds the rules while the process lives, and undoes everything after.
 *
 * It runs detached, with a pipe from the process as standard input. End-of-file there means that the process (or worker
 * thread) is gone, whatever killed it. Arguments: session, nonce, `sudo -n` or nothing, node, the guardian's script,
 * where node finds its libraries.
 */
export interface HeldProgram {
  /** Runs until the pipe ends: this is what a strategy needs to be held. */
  readonly hold: string;
  /** Runs after the end, when `route_localnet` is off: takes rules away, guards left out, and prints each bridge that had some, a line each. */
  readonly release: string;
  /** Whether it starts the guardian: of several holders for the same forwards one does. Default: true. */
  readonly startsGuardian?: boolean;
}

export const renderGuardianProgram = ({ hold, release, startsGuardian = true }: HeldProgram): string => `
SESSION=$1 NONCE=$2 SUDO=$3 NODE=$4 GUARDIAN=$5 LIBRARIES=$6
${shellAsRoot}
trap "" INT HUP TERM PIPE QUIT
# Closes 127/8 to each bridge of this process. What guards it may go after that, never before.
lhf_shut() {
  BRIDGES=
  for folder in /proc/sys/net/ipv4/conf/lhf-"$NONCE"*; do
    if [ ! -e "$folder" ]; then continue; fi
    BRIDGES="$BRIDGES \${folder##*/}"
    # The kernel gives one character and then no more: what read returns tells nothing.
    on=
    read -r on < "$folder/route_localnet"
    if [ "$on" = 0 ]; then continue; fi
    if [ -z "$SUDO" ]; then echo 0 > "$folder/route_localnet"; else echo 0 | lhf_as_root tee "$folder/route_localnet"; fi
  done > /dev/null 2>&1
}
${hold}
# Whoever killed the program above did not end the process: that is over at end-of-file only.
echo lhf-lost >&2
# Read by the shell itself: a program could be killed, and that would look like the end.
while IFS= read -r line; do :; done
exec > /dev/null 2>&1
lhf_shut
BRIDGES="$BRIDGES $(${release})"
${startsGuardian ? startGuardian : ''}`;

const startGuardian = `
# Nothing was open: nothing to look for, and no Node started for it.
if [ "$BRIDGES" = " " ]; then exit 0; fi
if [ -n "$LIBRARIES" ]; then export LD_LIBRARY_PATH="$LIBRARIES"; fi
exec "$NODE" "$GUARDIAN" "$SESSION" $BRIDGES
`;
