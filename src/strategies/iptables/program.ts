import { shellAsRoot } from '../../privilege/shell.ts';

/**
 * The shell functions that write iptables rules, for the process's holder and for sweep alike.
 *
 * `lhf_apply` puts in what iptables-restore reads; `lhf_remove PREFIX TABLE…` takes out the rules, chains and marks of the bridges
 * whose names start so, and prints those that had anything in any table. All writers of this package on one host take turns (a lock on the iptables
 * program itself, so that no file is left), because of what they do to base chains: on nf_tables the kernel has a base chain only
 * once somebody used it, and ours is not to stay. Who makes one leaves the empty chain LHF-MADE-<base chain> as a note beside
 * it, and the last one out takes both away.
 */
export const iptablesFunctions = String.raw`${shellAsRoot}
lhf_locked() { ( flock -w 5 9; "$@" ) 9< "$(command -v iptables-restore)"; }

lhf_apply() { lhf_locked lhf_apply_locked "$1"; }
lhf_apply_locked() {
  # A process that died meanwhile needs no rules: its shell then has another parent in proc(5)'s stat.
  read -r _ _ _ parent _ < /proc/$$/stat
  if [ "$parent" != "$PPID" ]; then return 1; fi
  { lhf_as_root iptables-save; printf '%s\n' LHF-BODY "$1"; } 2> /dev/null | awk -v chains="$SUDO $(command -v nft || echo false) list chains ip 2> /dev/null" '
    BEGIN { base["*raw"] = base["*nat"] = "PREROUTING"; base["*filter"] = "INPUT" }
    # iptables-save declares all base chains of a table, also those that the kernel does not have: one with a rule, or with our
    # note, is there, of another nft knows.
    function exists(chain, line, word, of) {
      if (!declared[table, chain] || filled[table, chain] || noted[table]) return declared[table, chain]
      if (!asked++) while ((chains | getline line) > 0) {
        split(line, word, " ")
        if (word[1] == "table") known[of = "*" word[3]] = 1
        if (word[1] == "chain") real[of, word[2]] = 1
      }
      return !known[table] || real[table, chain]
    }
    $0 == "LHF-BODY" { body = 1; next }
    /^[*]/ { table = $1 }
    !body && /^:/ { declared[table, substr($1, 2)] = 1; if (/^:LHF-MADE-/) noted[table] = 1 }
    !body && /^-A / { filled[table, $2] = 1 }
    body { print }
    body && /^[*]/ && base[table] != "" && !exists(base[table]) { print ":LHF-MADE-" base[table] " - [0:0]" }
  ' | lhf_as_root iptables-restore -w 5 --noflush
}

# Once more where somebody else changed the rules between the listing and the removal.
lhf_remove() { lhf_locked lhf_remove_locked "$@" || lhf_locked lhf_remove_locked "$@"; }
lhf_remove_locked() {
  tidily=1; removed=0
  lhf_take_out "$@" || removed=$?
  noted=$saved
  if [ "$removed" != 0 ]; then
    tidily=; removed=0
    lhf_take_out "$@" || removed=$?
    lhf_tidy 2> /dev/null
  fi
  lhf_drop_tables 2> /dev/null
  return "$removed"
}

# With $tidily the last one out takes the base chain that one of us made, and its note, in the same transaction; without, the
# removal needs no turn: no base chain goes that has one of our rules in it.
lhf_take_out() {
  prefix=$1; shift
  saved=$(lhf_as_root iptables-save 2> /dev/null)
  undo=$(printf '%s\n' "$saved" | awk -v prefix="$prefix" -v tables=" $* " -v tidily="$tidily" '
    function finish() {
      if (tidily && made != "" && !used) {
        chains = chains "-X LHF-MADE-" made "\n"
        if (!foreign[made]) chains = chains "-X " made "\n"
      }
      if (text chains != "") printf "*%s\n%s%sCOMMIT\n", table, text, chains
      text = chains = made = ""; used = 0; split("", foreign)
    }
    /^[*]/ { finish(); table = substr($1, 2); wanted = index(tables, " " table " ") }
    !wanted { next }
    /^:LHF-MADE-/ { made = substr($1, 11); next }
    index($1, ":LHF-" prefix) == 1 { name = substr($1, 2); text = text "-F " name "\n"; chains = chains "-X " name "\n"; next }
    /^:LHF-lhf-/ { used = 1 }
    /^:/ && $2 != "ACCEPT" { foreign[substr($1, 2)] = 1 }
    /^-A / && index($2, "LHF-") != 1 {
      if (index($0, "lhf:" prefix)) { sub(/^-A/, "-D"); text = $0 "\n" text; next }
      if (index($0, "lhf:lhf-")) used = 1
      foreign[$2] = 1
    }
    END { finish() }
  ')
  if [ -n "$undo" ]; then
    printf '%s\n' "$undo" | lhf_as_root iptables-restore -w 5 --noflush || return
  fi
  printf '%s\n' "$saved" | grep -o 'LHF-lhf-[0-9a-z]\{8\}' | sed -n "s/^LHF-\($prefix\)/\1/p" | sort -u
}

# The tables that one of us made a chain in, where nothing is in them any more.
lhf_drop_tables() {
  printf '%s\n' "$noted" | sed -n '/^[*]/ { s/^.//; h; }; /^:LHF-MADE-/ { g; p; }' | while read -r table; do
    inside=$(lhf_as_root nft list table ip "$table" | grep -v '^#' | tr -d '[:space:]')
    if [ "$inside" = "tableip$table{}" ]; then lhf_as_root nft delete table ip "$table"; fi
  done
}

# Only empty things go, and only those that one of us made: the kernel refuses to delete a chain in use. An iptables
# before 1.8.8 deletes no base chain, so there nft does, after a look.
lhf_tidy() {
  lhf_as_root iptables-save | awk '
    /^[*]/ { table = substr($1, 2) }
    /^:LHF-MADE-/ { made[table] = substr($1, 11) }
    /^:LHF-lhf-/ || /lhf:lhf-/ { used[table] = 1 }
    END { for (table in made) if (!used[table]) print table, made[table] }
  ' | while read -r table base; do
    lhf_as_root iptables -w 5 -t "$table" -X "LHF-MADE-$base"
    if ! lhf_as_root iptables -w 5 -t "$table" -X "$base" &&
      [ "$(lhf_as_root nft list chain ip "$table" "$base" | grep -cv -e '^table' -e '^[[:space:]]*chain' -e 'policy accept' -e '^[[:space:]]*}')" = 0 ]; then
      lhf_as_root nft delete chain ip "$table" "$base"
    fi
  done
}
`;

/** The holder's loop: a verb, its lines up to END, an answer on standard error. A verb that has begun is finished, whoever dies. */
export const iptablesLoop = String.raw`${iptablesFunctions}
asked=0
while IFS= read -r verb; do
  body=
  while IFS= read -r line && [ "$line" != END ]; do body="$body$line
"; done
  # A request cut off by its sender's death is none.
  if [ "$line" != END ]; then break; fi
  asked=$((asked + 1))
  case $verb in
    apply) answer=$(lhf_apply "$body" 2>&1);;
    remove) answer=$(lhf_remove $body 2>&1);;
  esac
  printf '%s\nlhf-answered %s %s\n' "$answer" "$asked" "$?" >&2
done
`;
