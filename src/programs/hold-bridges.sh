# shellcheck shell=sh
# Holds nothing but the names of bridges: of a route that the kernel ends by itself, whose networks are the guardian's all the same.
# A request: the bridges that may have something from now on, a line. The answer, on standard error: lhf-noted.
lhf_hold() {
  OPEN=''
  while IFS= read -r names; do
    OPEN=$names
    echo lhf-noted >&2
  done
}

lhf_release() {
  if [ -n "$OPEN" ]; then printf '%s\n' "$OPEN"; fi
}
