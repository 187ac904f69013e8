# shellcheck shell=sh
# Writes the process's rules, one request after the other, and takes those of table nat out when the process is gone. Needs iptables.sh.
# Argument: `stays` where one iptables-restore serves all requests, which saves starting one for each.
#
# A request: the bridges that may have something from now on, a line; what iptables-restore reads; `END <nth>`. The answer, on standard
# error: `# lhf-answered <nth>` once all of it is in; or what was said against it and `lhf-refused <status>`, with which iptables-restore
# has ended, and all requests that were sent meanwhile are lost. A line `AGAIN` starts another one.
# A request that has begun is finished, whoever dies.
lhf_hold() {
  OPEN='' lhf_next=again
  while [ "$lhf_next" = again ]; do
    # A pipeline is shells of their own: what they leave is told by standard output, which is nobody else's.
    lhf_left=$({ lhf_pass_on | { lhf_restore "$@"; echo "lhf-refused $?"; } >&2 4>&-; } 4>&1)
    lhf_next=${lhf_left%% *} OPEN=${lhf_left#* }
  done
}

lhf_pass_on() {
  lhf_next=end
  while IFS= read -r lhf_line; do
    if [ "$lhf_line" = AGAIN ]; then
      lhf_next=again
      break
    fi
    lhf_may_have=$lhf_line lhf_body=
    while IFS= read -r lhf_line; do
      case $lhf_line in END\ *) break ;; esac
      lhf_body="$lhf_body$lhf_line
"
    done
    # A request cut off by its sender's death is none.
    case $lhf_line in END\ *) ;; *) break ;; esac
    OPEN=$lhf_may_have
    printf '%s# lhf-answered %s\n' "$lhf_body" "${lhf_line#END }" 2> /dev/null
  done
  printf '%s %s' "$lhf_next" "$OPEN" >&4
}

# It puts a table in at each COMMIT, and with -v says comments again when it has come to them.
lhf_restore() {
  if [ "${1-}" = stays ]; then lhf_as_root iptables-restore -w 5 --noflush -v; else lhf_restore_each; fi
}

# The same, by a program for each request.
lhf_restore_each() {
  lhf_body=
  while IFS= read -r lhf_line; do
    case $lhf_line in
      \#*)
        if [ -n "$lhf_body" ]; then printf '%s' "$lhf_body" | lhf_as_root iptables-restore -w 5 --noflush || return; fi
        lhf_body=
        printf '%s\n' "$lhf_line"
        ;;
      *)
        lhf_body="$lhf_body$lhf_line
"
        ;;
    esac
  done
}

# What translates goes at once. A guard in table raw is the guardian's, which waits until the networks are gone.
lhf_release() {
  if [ -z "$OPEN" ]; then return; fi
  lhf_take_out nat
  lhf_last_out nat
  printf '%s\n' "$OPEN"
}
