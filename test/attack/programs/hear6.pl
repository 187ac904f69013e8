# Hears UDP on all IPv6 addresses: prints its port, then each different text once.
use strict;
use warnings;
use Socket qw(:all);

$| = 1;
socket(my $socket, AF_INET6, SOCK_DGRAM, 0) or die "socket: $!";
setsockopt($socket, IPPROTO_IPV6, IPV6_V6ONLY, 1) or die "setsockopt: $!";
bind($socket, pack_sockaddr_in6(0, IN6ADDR_ANY)) or die "bind: $!";
my ($port) = unpack_sockaddr_in6(getsockname($socket));
print "$port\n";
my %heard;
while (defined recv($socket, my $text, 2000, 0)) {
  print "$text\n" unless $heard{$text}++;
}
