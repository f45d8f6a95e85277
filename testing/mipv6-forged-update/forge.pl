# perl forge.pl plain|option: sends moon a Binding Update for carol's home address, with the router as care-of address.
# plain: an IPv6 packet whose source is the home address; option: one from the router with a home address option.
use strict;
use Socket qw(AF_INET6 inet_pton);

use constant AF_PACKET => 17;

my ($kind) = @ARGV;
my ($home, $agent, $careof) = map { inet_pton(AF_INET6, $_) } '2001:1::10', '2001:1::1', '2001:1::fe';

# RFC 6275 §6.1.7: sequence 60000, A and H, an hour, the Alternate Care-of Address.
my $mobility = pack('CCCCnnCCnCCCC', 59, 3, 5, 0, 0, 60000, 0xc0, 0, 900, 1, 0, 3, 16) . $careof;
my $sum = 0;
$sum += $_ for unpack('n*', $home . $agent . pack('NN', length $mobility, 135) . $mobility);
$sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
substr($mobility, 4, 2) = pack('n', ~$sum & 0xffff);

# RFC 6275 §6.3: the option at 8n + 6.
my $option = $kind eq 'option' ? pack('CCCCCCCC', 135, 2, 1, 2, 0, 0, 201, 16) . $home : '';
my ($source, $next) = $kind eq 'option' ? ($careof, 60) : ($home, 135);
my $packet = pack('NnCC', 0x60000000, length($option . $mobility), $next, 64) . $source . $agent . $option . $mobility;

# To every station of the link, by its interface: nothing of this host's has a say.
my ($index, $address) = (`cat /sys/class/net/eth1/ifindex`, `cat /sys/class/net/eth1/address`);
my $own = join '', map { chr hex } split /:/, $address;
socket(my $socket, AF_PACKET, 3, 0) or die "socket: $!";
my $moon = `ip -6 neigh show 2001:1::1 dev eth1` =~ /lladdr (\S+)/ ? join('', map { chr hex } split /:/, $1) : "\xff" x 6;
send($socket, $moon . substr($own, 0, 6) . pack('n', 0x86dd) . $packet, 0, pack('SnlSCCa8', AF_PACKET, 0x86dd, $index, 0, 0, 6, $moon))
    or die "send: $!";
print "sent\n";
