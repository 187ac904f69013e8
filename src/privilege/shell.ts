/**
 * A shell function for programs that need privileges: `lhf_as_root nft …` runs it by `$SUDO`, which may be empty. It is found along
 * our own PATH: sudo would look along its `secure_path`, where packages may have put programs of the same name.
 */
export const shellAsRoot = `
lhf_as_root() { lhf_program=$(command -v "$1"); shift; $SUDO "$lhf_program" "$@"; }
`;
