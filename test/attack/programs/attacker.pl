# What an attacker's container runs: raw frames on one device, as any container may send them that Docker starts with its default
# capabilities. A line on standard input, a line back.
#   send <frame in hex>… <an ARP request>   sends them in order, and tells the frames that came before the ARP reply: the kernel has
#                                           done all that it does with the others by then
#   flood <times> <frame in hex>            sends one so many times
use strict;
use warnings;
$| = 1;
my ($device) = @ARGV;
my ($af_packet, $sock_raw, $every_protocol, $outgoing) = (17, 3, 3, 4);
open(my $file, '<', "/sys/class/net/$device/ifindex") or die "no device $device: $!";
my $index = 0 + readline $file;
socket(my $socket, $af_packet, $sock_raw, unpack('S', pack('n', $every_protocol))) or die "no raw socket: $!";
bind($socket, pack('S n i S C C a8', $af_packet, $every_protocol, $index, 0, 0, 0, '')) or die "bind: $!";
print "ready\n";

sub transmit {
  my ($frame) = @_;
  # A full queue refuses.
  until (defined send($socket, $frame, 0)) { die "send: $!" unless $!{ENOBUFS} || $!{EAGAIN}; }
}

while (my $line = <STDIN>) {
  my ($verb, @words) = split ' ', $line;
  if ($verb eq 'flood') {
    my ($times, $frame) = ($words[0], pack 'H*', $words[1]);
    transmit($frame) for 1 .. $times;
    print "sent\n";
    next;
  }
  my @frames = map { pack 'H*', $_ } @words;
  transmit($_) for @frames;
  # Who was asked for says that it is he.
  my $asked = substr $frames[-1], 38, 4;
  my @heard;
  while (1) {
    my $from = recv($socket, my $frame, 65536, 0);
    die "recv: $!" unless defined $from;
    next if unpack('x10 C', $from) == $outgoing;
    last if substr($frame, 12, 2) eq "\x08\x06" && substr($frame, 20, 2) eq "\x00\x02" && substr($frame, 28, 4) eq $asked;
    push @heard, unpack 'H*', $frame;
  }
  print join(' ', 'heard', @heard), "\n";
}
