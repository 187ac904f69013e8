# shellcheck shell=sh
# Holds `nft -i`, and with it the owned tables of the process.
#
# They are gone as soon as nft's input ends, and the guard in them with it. So nft reads what `cat` passes on, and its input ends
# after route_localnet is off. Not at the end of a `cat` that somebody killed, nor where the shell alone was killed, after which Node
# closes the pipe: then the process lives on, with its bridges open, and starts another holder. Whichever part ends, the process is
# told at once: the last part says so itself, since the shell waits for all of them.
lhf_hold() {
  { cat 2> /dev/null && read -r _ _ _ parent _ < /proc/self/stat && [ "$parent" = $$ ] && lhf_shut; } |
    { lhf_as_root nft -i > /dev/null; echo lhf-lost >&2; }
}

# The owned table went with nft; the guard stands for each bridge that was open or on its way.
lhf_release() {
  lhf_as_root nft list set ip lhf_guard_"${NONCE-}" bridges | grep -o 'lhf-[0-9a-z]\{8\}'
}
