# shellcheck shell=sh
# Runs a program by $SUDO, which may be empty or `sudo -n`. It is found along our own PATH: sudo would look along its `secure_path`,
# where packages may have put programs of the same name.
lhf_as_root() {
  lhf_program=$(command -v "$1") || return 127
  shift
  # shellcheck disable=SC2086 # two words, or none
  ${SUDO-} "$lhf_program" "$@"
}
