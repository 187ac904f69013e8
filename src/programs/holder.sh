# shellcheck shell=sh disable=SC2034 # what the held program is told stands here, too
# The program that outlives its process: it holds rules while the process lives, and undoes everything after.
#
# It runs detached, with a pipe from the process as standard input. End-of-file there means that the process (or worker thread) is
# gone, whatever killed it. What it holds stands before it in one text, as two functions:
#   lhf_hold     runs until the pipe ends
#   lhf_release  runs after the end, when route_localnet is off: takes rules away, guards left out, and prints each bridge that may
#                have something, a line each
# Arguments: `sudo -n` or nothing, session, nonce, node, the guardian's script, where node finds its libraries, `guardian` where
# this holder starts one, where to leave word, what else the guardian's node is started with (a line each), and whatever the held
# program needs.
SUDO=$1 SESSION=$2 NONCE=$3 NODE=$4 GUARDIAN=$5 LIBRARIES=$6 ENDS_AS=$7 WORDS=$8 OPTIONS=$9
shift 9
trap "" INT HUP TERM PIPE QUIT

# Closes 127/8 to each bridge of this process. What guards it may go after that, never before.
lhf_shut() {
  BRIDGES='' SHUT=''
  for folder in "${LHF_CONF:-/proc/sys/net/ipv4/conf}"/lhf-"$NONCE"*; do
    if [ ! -e "$folder" ]; then continue; fi
    BRIDGES="$BRIDGES ${folder##*/}"
    # The kernel gives one character and then no more: what read returns tells nothing.
    on=
    read -r on < "$folder/route_localnet"
    if [ "$on" = 0 ]; then continue; fi
    if [ -z "$SUDO" ]; then echo 0 > "$folder/route_localnet"; else SHUT="$SHUT $folder/route_localnet"; fi
  done > /dev/null 2>&1
  # One call for all of them: rules stand until the last is shut.
  # shellcheck disable=SC2086 # a word each
  if [ -n "$SHUT" ]; then echo 0 | lhf_as_root tee $SHUT > /dev/null 2>&1; fi
}

lhf_hold "$@"
# Whoever killed the program above did not end the process: that is over at end-of-file only.
echo lhf-lost >&2
# Read by the shell itself: a program could be killed, and that would look like the end.
while IFS= read -r line; do :; done
exec > /dev/null 2>&1
lhf_shut
MADE=$BRIDGES
BRIDGES="$BRIDGES $(lhf_release "$@")"
if [ "$ENDS_AS" != guardian ]; then exit 0; fi
# Nothing was open: nothing to look for, and no Node started for it.
if [ "$BRIDGES" = " " ]; then exit 0; fi
said=$(
  if [ -n "$LIBRARIES" ]; then export LD_LIBRARY_PATH="$LIBRARIES"; fi
  set -f
  IFS='
'
  # shellcheck disable=SC2086 # a line each
  set -- $OPTIONS
  unset IFS
  # shellcheck disable=SC2086 # a word each
  exec "$NODE" "$@" "$GUARDIAN" "$SESSION" "$MADE" $BRIDGES 2>&1
)
code=$?
# What it cannot do it leaves word of itself; one that cannot even start, or is killed, has this shell do that.
if [ "$code" = 0 ] || [ -z "$WORDS" ]; then exit 0; fi
umask 077
mkdir "$WORDS"
# In a folder that is somebody else's, or a link to one, nothing is written.
if [ -L "$WORDS" ] || [ ! -d "$WORDS" ] || [ ! -O "$WORDS" ]; then exit 0; fi
why=$(printf '%s\n' "$said" | sed -n '/^[A-Za-z]*Error[^A-Za-z]/ { p; q; }' | tr -c '[:alnum:] ._/:@(),=[]-' ' ' | cut -c 1-300)
# shellcheck disable=SC2086 # a word each
had=$(printf '%s\n' $BRIDGES | sort -u | tr '\n' ' ' | cut -c 1-300)
set -C
printf '{"session":"%s","stays":[{"what":"%s","why":"%s"}]}\n' "$SESSION" "what it had on ${had% }" \
  "its guardian ended with code $code${why:+: $why}" > "$WORDS/$SESSION.json"
