# A service on 127.0.0.1 that is bound to the interface lo (SO_BINDTODEVICE): nothing that comes by another one finds it. Prints its port.
use strict;
use warnings;
use Socket;

$| = 1;
socket(my $server, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
setsockopt($server, SOL_SOCKET, 25, 'lo') or die "device: $!";
bind($server, sockaddr_in(0, inet_aton('127.0.0.1'))) or die "bind: $!";
listen($server, 16) or die "listen: $!";
my ($port) = sockaddr_in(getsockname($server));
print "$port\n";
while (accept(my $caller, $server)) {
  sysread($caller, my $request, 4096);
  syswrite($caller, "HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{\"marker\":\"bound\"}");
  close($caller);
}
