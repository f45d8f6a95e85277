#!/bin/sh
# http-server.sh: a small HTTP server for scenarios, with nothing but perl.
#
#   http-server.sh --start FOLDER [PORT]    serves a folder's files (port 80); returns once it listens
#   http-server.sh --stop                   ends it
#
# It answers GET for a plain file name, one request at a time, and keeps its process number in /tmp/http-server.pid.

pidfile=/tmp/http-server.pid
case $1 in
--start)
    [ -d "$2" ] || {
        echo "http-server.sh: '$2' is no folder" >&2
        exit 1
    }
    # The parent returns when the child says that it listens.
    exec perl -MIO::Socket::IP -e '
        my ($folder, $port, $pidfile) = @ARGV;
        pipe(my $reader, my $writer) or die "pipe: $!\n";
        my $child = fork() // die "fork: $!\n";
        if ($child) { close $writer; my $said = <$reader> // ""; print $said =~ /ready/ ? "" : "http-server.sh: $said\n";
            exit($said =~ /ready/ ? 0 : 1); }
        close $reader;
        # Of both families, where this host has both.
        my @options = (LocalPort => $port, Listen => 8, ReuseAddr => 1);
        my $listener = IO::Socket::IP->new(@options, LocalHost => "::", V6Only => 0)
            || IO::Socket::IP->new(@options, LocalHost => "0.0.0.0");
        if (!$listener) { syswrite $writer, "listen: $!\n"; exit 1; }
        open(my $file, ">", $pidfile) or die "$pidfile: $!\n";
        print $file "$$\n";
        close $file;
        syswrite $writer, "ready\n";
        close $writer;
        open(STDIN, "<", "/dev/null"); open(STDOUT, ">", "/dev/null"); open(STDERR, ">", "/dev/null");
        $SIG{PIPE} = "IGNORE";
        while (my $client = $listener->accept()) {
            my $request = <$client> // "";
            while (defined(my $line = <$client>)) { last if $line =~ /^\r?$/; }
            my ($name) = $request =~ m{^GET /([A-Za-z0-9_.-]+) };
            my $body;
            if (defined $name && open(my $in, "<", "$folder/$name")) { local $/; $body = <$in>; }
            my $status = defined $body ? "200 OK" : "404 Not Found";
            $body //= "";
            print $client "HTTP/1.0 $status\r\nContent-Type: text/html\r\nContent-Length: " . length($body)
                . "\r\nConnection: close\r\n\r\n$body";
            close $client;
        }' "$2" "${3:-80}" "$pidfile"
    ;;
--stop)
    read -r pid <"$pidfile" && kill "$pid" && rm "$pidfile"
    while kill -0 "$pid" 2>/dev/null; do :; done
    ;;
*)
    echo "usage: http-server.sh --start FOLDER [PORT] | --stop" >&2
    exit 64
    ;;
esac
