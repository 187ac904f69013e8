# Sends datagrams as no well-behaved program does: from an address that is not its own, or by a route of its own choice.
#   perl say.pl <from address or -> <to address> <port> <text> [<by this gateway>]
use strict;
use warnings;
use Socket;

my ($from, $to, $port, $text, $gateway) = @ARGV;
socket(my $socket, PF_INET, SOCK_DGRAM, 0) or die "socket: $!";
if ($from ne '-') {
  # IP_TRANSPARENT
  setsockopt($socket, 0, 19, 1) or die "transparent: $!";
  bind($socket, sockaddr_in(0, inet_aton($from))) or die "bind: $!";
}
# IP_OPTIONS: a loose source route, see RFC 791.
if (defined $gateway) {
  setsockopt($socket, 0, 4, pack('C4', 1, 131, 7, 4) . inet_aton($gateway)) or die "options: $!";
}
send($socket, $text, 0, sockaddr_in($port, inet_aton($to))) or die "send: $!";
