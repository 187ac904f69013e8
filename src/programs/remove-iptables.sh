# shellcheck shell=sh disable=SC2034 # read by iptables.sh
# Takes a process's chains out of iptables. Needs iptables.sh.
# Arguments: `sudo -n` or nothing, the process's nonce, the bridges that may have a chain, and the tables.
SUDO=$1 NONCE=$2 OPEN=$3
shift 3
status=0
for table in "$@"; do
  lhf_take_out "$table" || status=$?
  lhf_last_out "$table" || status=$?
done
exit "$status"
