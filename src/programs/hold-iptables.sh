# shellcheck shell=sh
# Writes the process's rules, one request after the other, and takes those of table nat out when the process is gone. Needs iptables.sh.
# Arguments: the tables that have rules of the process.
#
# A request: the bridges that may have something from now on, a line; those that have something once it is done, a line; what
# iptables-restore reads, then END. The answer, on standard error, is what was said against it and `lhf-answered <nth> <status>`.
# One that has begun is finished, whoever dies.
lhf_hold() {
  OPEN='' asked=0
  while IFS= read -r may_have && IFS= read -r have; do
    body=
    while IFS= read -r line && [ "$line" != END ]; do
      body="$body$line
"
    done
    # A request cut off by its sender's death is none.
    if [ "$line" != END ]; then break; fi
    asked=$((asked + 1)) OPEN=$may_have status=0 answer=''
    if [ -n "$body" ]; then
      answer=$(printf '%s' "$body" | lhf_as_root iptables-restore -w 5 --noflush 2>&1)
      status=$?
    fi
    if [ "$status" = 0 ]; then
      OPEN=$have
      if [ -z "$OPEN" ]; then
        for table in "$@"; do lhf_last_out "$table"; done
      fi
    fi
    printf '%s\nlhf-answered %s %s\n' "$answer" "$asked" "$status" >&2
  done
}

# What translates goes at once. A guard in table raw is the guardian's, which waits until the networks are gone.
lhf_release() {
  if [ -z "$OPEN" ]; then return; fi
  lhf_take_out nat
  lhf_last_out nat
  printf '%s\n' "$OPEN"
}
