# Squats names as another user. Each line of its input: a kind, a path, and for a link where it leads. Answers a line each.
#   folder|file|fifo|link|socket PATH [TARGET]; connect NAME, an abstract one
use strict;
use IO::Socket::UNIX;
use POSIX 'mkfifo';
$| = 1;
umask 0;
my @held;
while (my $line = <STDIN>) {
  chomp $line;
  my ($kind, $path, $target) = split /\t/, $line;
  my $done;
  if ($kind eq 'folder') { $done = mkdir $path, 0777 }
  elsif ($kind eq 'file') { $done = open(FILE, '>', $path) && print(FILE "{}\n") && close(FILE) }
  elsif ($kind eq 'fifo') { $done = mkfifo $path, 0666 }
  elsif ($kind eq 'link') { $done = symlink $target, $path }
  elsif ($kind eq 'socket') { $done = IO::Socket::UNIX->new(Local => $path, Listen => 8) }
  elsif ($kind eq 'connect') { $done = IO::Socket::UNIX->new(Peer => "\0$path") }
  push @held, $done if ref $done;
  print $done ? "done\n" : "failed: $!\n";
}
