# A service on 127.0.0.1 that listens and takes nobody in. Prints its port.
#   perl unwilling.pl own    takes callers of 127/8 alone, by a filter of its socket: what systemd's IPAddressAllow=localhost comes to
#   perl unwilling.pl full   as many wait for it already as it lets
use strict;
use warnings;
use Socket;
use IO::Socket::INET;

$| = 1;
my ($how) = @ARGV;
socket(my $server, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
bind($server, sockaddr_in(0, INADDR_LOOPBACK)) or die "bind: $!";
my ($port) = sockaddr_in(getsockname($server));
if ($how eq 'own') {
  # The sender's address, from the packet's network header: its first byte is 127, or the packet is nobody's.
  my $code = join '', map { pack 'SCCL', @$_ }
    [0x20, 0, 0, 0xfff0000c], [0x54, 0, 0, 0xff000000], [0x15, 0, 1, 0x7f000000], [0x06, 0, 0, 0xffff], [0x06, 0, 0, 0];
  setsockopt($server, SOL_SOCKET, 26, pack('Sx6P', 5, $code)) or die "filter: $!";
  listen($server, 16) or die "listen: $!";
} else {
  listen($server, 0) or die "listen: $!";
}
my @waiting = $how eq 'full' ? map { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Blocking => 0) } 1 .. 3 : ();
print "port $port\n";
if ($how eq 'full') { sleep 1 while 1 }
while (accept(my $caller, $server)) { close $caller }
