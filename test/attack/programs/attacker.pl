# What an attacker's container runs: raw frames on one device, as any container may send them that Docker starts with its default
# capabilities. A line on standard input, a line back.
#   send <frame in hex>… <an ARP request>   sends them in order, and tells the frames that came before the ARP reply: the kernel has
#                                           done all that it does with the others by then
#   resolve <name>                          asks the resolver that the engine gives
#   flood <times> <frame in hex>            sends one so many times
use strict;
use warnings;
$| = 1;
my ($device) = @ARGV;
my ($af_packet, $sock_raw, $every_protocol, $outgoing, $dont_wait) = (17, 3, 3, 4, 0x40);
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

# Nothing where none is there and it is not to be waited for; empty where it was this system's own.
sub receive {
  my ($flags) = @_;
  my $from = recv($socket, my $frame, 65536, $flags);
  return undef if !defined $from && $!{EAGAIN};
  die "recv: $!" unless defined $from;
  return unpack('x10 C', $from) == $outgoing ? '' : $frame;
}

while (my $line = <STDIN>) {
  my ($verb, @words) = split ' ', $line;
  if ($verb eq 'flood') {
    my ($times, $frame) = ($words[0], pack 'H*', $words[1]);
    transmit($frame) for 1 .. $times;
    print "sent\n";
    next;
  }
  if ($verb eq 'resolve') {
    socket(my $asking, 2, 2, 17) or die "socket: $!";
    connect($asking, pack('S n C4 x8', 2, 53, 127, 0, 0, 11)) or die "connect: $!";
    my $question = join '', map { pack('C/a*', $_) } split /\./, $words[0];
    send($asking, pack('n6', 7, 256, 1, 0, 0, 0) . $question . pack('C n n', 0, 1, 1), 0) or die "ask: $!";
    print "asked\n";
    next;
  }
  my @frames = map { pack 'H*', $_ } @words;
  # Who was asked for says so to nobody's address: this system's own question has an answer to its own.
  my $asked = substr $frames[-1], 38, 4;
  my @heard;
  # In a full queue there would be no room for the answer.
  while (defined(my $frame = receive($dont_wait))) { push @heard, unpack 'H*', $frame if $frame ne ''; }
  transmit($_) for @frames;
  while (1) {
    my $frame = receive(0);
    next if $frame eq '';
    last if substr($frame, 12, 2) eq "\x08\x06" && substr($frame, 20, 2) eq "\x00\x02" && substr($frame, 28, 4) eq $asked
      && substr($frame, 38, 4) eq "\0\0\0\0";
    push @heard, unpack 'H*', $frame;
  }
  print join(' ', 'heard', @heard), "\n";
}
