#!/usr/bin/perl
# The text of a terminal's output, line by line: standard input to standard output, without escape sequences and control
# characters. What comes faster than $rate bytes a second is read and dropped: tmux would keep what nobody reads.
use strict;
use warnings;

$| = 1;
my $rate = 32_768;
my $longest = 4_096;
my ($second, $left, $dropped, $rest) = (0, 0, 0, '');

sub show {
  my ($text) = @_;
  $text =~ s/\e\][^\a\e]*(?:\a|\e\\|$)//g;
  $text =~ s/\e[PX^_][^\e]*(?:\e\\|$)//g;
  $text =~ s/\e\[[0-?]*[ -\/]*[@-~]//g;
  $text =~ s/\e[ -\/]*[0-~]//g;
  # What was written over is not on the screen either.
  $text =~ s/\r+$//;
  $text =~ s/^.*\r//s;
  $text =~ tr/\x00-\x08\x0b-\x1f\x7f//d;
  print "$text\n" if $text =~ /\S/;
}

while (sysread(STDIN, my $chunk, 65_536)) {
  my $now = time;
  if ($now != $second) {
    print "[$dropped bytes left out]\n" if $dropped;
    ($second, $left, $dropped) = ($now, $rate, 0);
  }
  if ($left <= 0) {
    $dropped += length $chunk;
    next;
  }
  my @lines = split /\n/, $rest . $chunk, -1;
  $rest = pop @lines;
  push @lines, substr($rest, 0, $longest, '') while length($rest) > $longest;
  for my $line (@lines) {
    if ($left > 0) { show($line) } else { $dropped += length($line) + 1 }
    # Short lines cost, too: the engine keeps the time of each.
    $left -= length($line) + 64;
  }
}
show($rest);
print "[$dropped bytes left out]\n" if $dropped;
