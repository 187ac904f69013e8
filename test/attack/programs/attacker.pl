# What an attacker's container runs: raw frames on one device, as any container may send them that Docker starts with its default
# capabilities. A line on standard input, a line back.
#   meet <an ARP request>                  asks until it is answered: the way is up
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

# Whether a frame comes within so many seconds.
sub comes {
  my ($seconds) = @_;
  vec(my $of = '', fileno($socket), 1) = 1;
  return 0 < select($of, undef, undef, $seconds);
}

# The kernel's answer to an ARP request of nobody's address, which this system's own question does not have.
sub answers {
  my ($frame, $request) = @_;
  return length $frame >= 42 && substr($frame, 12, 2) eq "\x08\x06" && substr($frame, 20, 2) eq "\x00\x02"
    && substr($frame, 28, 4) eq substr($request, 38, 4) && substr($frame, 38, 4) eq "\0\0\0\0";
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
  if ($verb eq 'meet') {
    my ($met, $turns) = (0, 0);
    until ($met || $turns++ == 300) {
      transmit($frames[0]);
      while (!$met && comes(0.1)) { $met = answers(receive(0), $frames[0]); }
    }
    # A second answer would be taken for that of what is sent next.
    if ($turns > 1) { receive(0) while comes(0.1); }
    print $met ? "met\n" : "no answer\n";
    next;
  }
  my @heard;
  # In a full queue there would be no room for the answer.
  while (defined(my $frame = receive($dont_wait))) { push @heard, unpack 'H*', $frame if $frame ne ''; }
  transmit($_) for @frames;
  my $answered = 0;
  until ($answered) {
    last unless comes(20);
    my $frame = receive(0);
    next if $frame eq '';
    if (answers($frame, $frames[-1])) { $answered = 1; }
    else { push @heard, unpack 'H*', $frame; }
  }
  print join(' ', $answered ? 'heard' : 'no answer to the ARP request within 20 s after', @heard), "\n";
}
