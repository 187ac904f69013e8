# Sends raw frames on one device without end, as any container may with Docker's default capabilities, and says `heard` once a frame comes
# that has a word in it: flood.pl <device> <word> <frame in hex>…
use strict;
use warnings;
$| = 1;
my ($device, $word, @frames) = @ARGV;
@frames = map { pack 'H*', $_ } @frames;
my ($af_packet, $sock_raw, $every_protocol, $outgoing, $dont_wait) = (17, 3, 3, 4, 0x40);
open(my $file, '<', "/sys/class/net/$device/ifindex") or die "no device $device: $!";
my $index = 0 + readline $file;
socket(my $socket, $af_packet, $sock_raw, unpack('S', pack('n', $every_protocol))) or die "no raw socket: $!";
bind($socket, pack('S n i S C C a8', $af_packet, $every_protocol, $index, 0, 0, 0, '')) or die "bind: $!";
my $heard = 0;
for (my $n = 0; ; $n++) {
  # A full queue refuses, and a device that is gone is the end.
  defined send($socket, $frames[$n % @frames], 0) or $!{ENOBUFS} or $!{EAGAIN} or exit 0;
  while (defined(my $from = recv($socket, my $frame, 65536, $dont_wait))) {
    next if $heard || unpack('x10 C', $from) == $outgoing || index($frame, $word) < 0;
    print "heard\n";
    $heard = 1;
  }
}
