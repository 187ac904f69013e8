# shellcheck shell=sh
# Takes a process's chains out of iptables by their names, for its holder. Nothing but
# our own chains and PREROUTING is ever listed: a host may have 50,000 rules.
#
#   PREROUTING ──▶ LHF (shared by all processes) ──▶ LHF-<nonce> ──▶ LHF-lhf-<id>
#
# $NONCE is the process's, $OPEN the bridges that may have a chain.

lhf_iptables() {
  lhf_table=$1
  shift
  lhf_as_root iptables -w 5 -t "$lhf_table" "$@" < /dev/null
}

# Prints, as commands that delete them, the rules of a chain that jump to what a pattern names. A comment of somebody's may hold ends of
# lines: what is quoted is one line, and only rules of plain words are passed on (as rule-lines.ts has it).
lhf_jumps() {
  lhf_iptables "$1" -S "$2" 2> /dev/null | sed -nE \
    -e ':join' -e '/^([^"]|"([^"\\]|\\.)*")*$/!{' -e 'N' -e 'b join' -e '}' -e '/\n/d' \
    -e '/^-A [[:alnum:]_-]+( (!|-[A-LN-Za-z]|--([a-ln-z]|m[a-np-z]|mode)[a-z0-9-]*|[[:alnum:]_@][[:alnum:]_.\/:,+@%-]*|"[[:alnum:]_@][[:alnum:]_ .\/:,+@%-]*"))*$/!d' \
    -e "/ -j $3\$/s/^-A/-D/p"
}

# Takes all of the process out of one table, in one transaction that does not mind what somebody else took before: each chain is
# made where it is missing, emptied, and deleted. What a user led to one of the chains goes with it.
lhf_take_out() {
  # Refused, somebody took one of the listed rules between the listing and the removal.
  lhf_take_out_once "$1" 2> /dev/null || lhf_take_out_once "$1" 2> /dev/null || lhf_take_out_once "$1"
}
lhf_take_out_once() {
  lhf_chains="LHF-$NONCE"
  for lhf_bridge in ${OPEN-}; do lhf_chains="$lhf_chains LHF-$lhf_bridge"; done
  {
    echo "*$1"
    lhf_jumps "$1" PREROUTING "LHF-lhf-${NONCE}[0-9a-z]*"
    lhf_jumps "$1" LHF "LHF-$NONCE"
    for lhf_chain in $lhf_chains; do echo ":$lhf_chain - [0:0]"; done
    for lhf_chain in $lhf_chains; do echo "-X $lhf_chain"; done
    echo COMMIT
  } | lhf_as_root iptables-restore -w 5 --noflush
}

# The rule and the chain that all processes share go with the last one: the kernel refuses the whole of it while anybody has a jump
# there. Refused though nobody has, somebody else came or went at the same time.
lhf_last_out() {
  lhf_attempts=0
  while [ "$lhf_attempts" -lt 5 ]; do
    lhf_attempts=$((lhf_attempts + 1))
    # Not there, or not empty.
    lhf_shared=$(lhf_iptables "$1" -S LHF 2> /dev/null) || return 0
    case $lhf_shared in *-A*) return 0 ;; esac
    {
      echo "*$1"
      lhf_jumps "$1" PREROUTING LHF
      echo '-X LHF'
      echo COMMIT
    } | lhf_as_root iptables-restore -w 5 --noflush 2> /dev/null && return 0
  done
  return 1
}
