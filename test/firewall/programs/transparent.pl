# A transparent proxy's socket (IP_TRANSPARENT), which takes what a rule gives it, whatever address that is for. Prints its port.
#   perl transparent.pl [hold | end]   what becomes of a connection
use strict;
use warnings;
use Socket;

$| = 1;
my $how = $ARGV[0] // 'hold';
socket(my $server, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
setsockopt($server, 0, 19, 1) or die "transparent: $!";
bind($server, sockaddr_in(0, INADDR_ANY)) or die "bind: $!";
listen($server, 16) or die "listen: $!";
my ($port) = sockaddr_in(getsockname($server));
print "port $port\n";
my @held;
while (accept(my $caller, $server)) {
  push @held, $caller if $how eq 'hold';
}
