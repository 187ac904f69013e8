/**
 * What gives this user the right to install rules. A password that is typed at a terminal counts for that terminal alone, and rules have to
 * be taken away when it is gone. The sudo that is written in Rust asks for no terminal, and complains of the setting at each call.
 */
export const allowSudo =
  '{ sudo -V 2>&1 | grep -q sudo-rs || echo "Defaults:$(id -un) !requiretty"; echo "$(id -un) ALL=(root) NOPASSWD: ALL"; } | sudo tee /etc/sudoers.d/localhost-forward';

/** What a container needs in which rules can be made: also a `/proc/sys` that may be written to. */
export const allowContainer = 'docker run --cap-add NET_ADMIN --network host --security-opt systempaths=unconfined …';

/** What gives this host a program of its own to make rules by. */
export const adviceOnNft = 'sudo apt-get install nftables';
export const adviceOnIptables = 'sudo apt-get install iptables';
