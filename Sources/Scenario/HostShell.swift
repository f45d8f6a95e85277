import CLinux
import Glibc

/// The bash of one host, which lives through a whole scenario and is given one command at a time.
///
/// What keeps the console clean and the pace quick:
/// - The commands come over a socket that only bash has: each is run by `eval` with that socket and the marker line
///   closed and with /dev/null as its standard input, so no command can read the script or hold the shell's end.
/// - The end of a command is told on the marker line, never on the console, so a console needs no parsing and may
///   carry any octets. A background child that keeps the console open delays nothing.
/// - All the output of a command's foreground processes is in the console pipe when the marker arrives (they have
///   ended), so reading until the pipe is empty reads exactly all of it.
/// - The shell is interactive (`-i`), without job control: messages and `[1] PID` lines look as a person sees them. The
///   marker line is a terminal, though nobody's controlling one: whenever a command has died by a signal, an
///   interactive bash resets its terminal, and complains on the console where it has none.
package final class HostShell {
    /// Starts bash with these three descriptors as its standard input, output and error; returns its process id.
    package typealias Launch = (_ arguments: [String], _ input: Int32, _ output: Int32, _ error: Int32) throws -> Int32

    /// How a command ended.
    package enum Outcome: Equatable, Sendable {
        /// With this exit status (0...255).
        case finished(status: Int32)
        /// Not within the time that it had.
        case timedOut
        /// The shell itself ended: `exit`, `exec`, or killed.
        case shellEnded
        /// It printed more than `outputLimit`, and may still do so.
        case tooMuchOutput
    }

    package struct Answer: Sendable {
        package let outcome: Outcome
        /// Standard output and standard error as they came, any octets.
        package let output: [UInt8]
        package let duration: Duration
    }

    /// The most that one command may print, in octets: 64 MiB; what comes after is not kept.
    package static let outputLimit = 64 << 20

    package let host: String
    package private(set) var processID: Int32 = 0

    private let watch: DescriptorWatch
    private let feed: Int32
    private let marker: Int32
    private let console: Int32
    private var output: [UInt8] = []
    private var markerText: [UInt8] = []
    private var ended = false
    private var consoleClosed = false
    private var chunk = [UInt8](repeating: 0, count: 65536)

    /// Why bash could not be started.
    package struct StartError: Error, CustomStringConvertible {
        package let description: String
    }

    /// The loop that bash runs: 198 is the feed and 199 the marker line, far from the numbers that scripts use.
    /// `_swantest_status` gives the next command the `$?` of the one before.
    private static let loop = """
        exec 198<&0 199>&2 </dev/null 2>&1
        unset HISTFILE
        _swantest_status() { return "$1"; }
        printf 'ready\\n' >&199
        _swantest_last=0
        while IFS= read -r -u 198 _swantest_command; do
            _swantest_status "$_swantest_last"
            eval "$_swantest_command" 198<&- 199>&-
            _swantest_last=$?
            printf '%d\\n' "$_swantest_last" >&199
        done
        """

    /// Starts the shell and waits until it reads commands, 10 s at most.
    package init(host: String, watch: DescriptorWatch, launch: Launch) throws {
        self.host = host
        self.watch = watch
        func pair(_ make: (UnsafeMutablePointer<Int32>) -> Int32) throws -> (Int32, Int32) {
            var ends: [Int32] = [-1, -1]
            guard make(&ends) == 0 else {
                throw StartError(description: "\(host): no pipe for the shell: \(String(cString: strerror(errno)))")
            }
            return (ends[0], ends[1])
        }
        let stream = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let feedEnds = try pair { socketpair(AF_UNIX, stream, 0, $0) }
        // Where this machine gives no terminal a pipe does, but for the complaints.
        let markerEnds = try pair { lx_terminal($0) == 0 ? 0 : pipe($0) }
        let consoleEnds = try pair { pipe($0) }
        (feed, marker, console) = (feedEnds.1, markerEnds.0, consoleEnds.0)
        for descriptor in [marker, console] { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
        for descriptor in [markerEnds.0, markerEnds.1, consoleEnds.0, consoleEnds.1] {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
        // Fewer wake-ups for commands that print much; where the limit refuses it, the default does.
        let setPipeSize: Int32 = 1031  // F_SETPIPE_SZ
        _ = fcntl(console, setPipeSize, 1 << 20)
        let arguments = ["/bin/bash", "--noprofile", "--norc", "-i", "-c", Self.loop, "bash"]
        do {
            // The far ends are bash's alone from here on, so that its end shows as the end of the pipes.
            defer { for descriptor in [feedEnds.0, markerEnds.1, consoleEnds.1] { close(descriptor) } }
            processID = try launch(arguments, feedEnds.0, consoleEnds.1, markerEnds.1)
        }
        watch.add(marker) { [unowned self] in readMarker() }
        watch.add(console) { [unowned self] in drain() }
        // An interactive bash without a terminal first complains about that: those lines stand before `ready`.
        let deadline = ContinuousClock.now + .seconds(10)
        while let line = nextMarkerLine(until: deadline), line != "ready" {}
        guard !ended, ContinuousClock.now < deadline else {
            throw StartError(description: "\(host): bash did not start: \(String(decoding: markerText, as: UTF8.self))")
        }
    }

    deinit {
        watch.remove(marker)
        if !consoleClosed { watch.remove(console) }
        for descriptor in [feed, marker, console] { close(descriptor) }
    }

    /// Runs one line of bash and returns what it printed and how it ended. After a time-out the command is still
    /// running: the shell takes no other one. Its output up to then is in the answer.
    package func run(_ command: String, timeout: Duration) -> Answer {
        precondition(!command.utf8.contains(0x0a), "a command is one line")
        let start = ContinuousClock.now
        drain()
        send(command + "\n")
        let status = nextMarkerLine(until: start + timeout)
        drain()
        defer { output.removeAll(keepingCapacity: true) }
        let outcome: Outcome =
            if let status = status.flatMap({ Int32($0) }) { .finished(status: status) } else if ended {
                .shellEnded
            } else if output.count > Self.outputLimit { .tooMuchOutput } else { .timedOut }
        return Answer(outcome: outcome, output: output, duration: start.duration(to: .now))
    }

    private func send(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            // MSG_NOSIGNAL: a shell that has gone is told by its marker line, not by SIGPIPE.
            let sent = bytes.withUnsafeBytes {
                Glibc.send(feed, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent < 0 && errno == EINTR { continue }
            guard sent > 0 else { return }
            bytes = bytes.dropFirst(sent)
        }
    }

    /// The next whole marker line; nil when the deadline passed or the shell ended.
    private func nextMarkerLine(until deadline: ContinuousClock.Instant) -> String? {
        while true {
            if let newline = markerText.firstIndex(of: 0x0a) {
                let line = String(decoding: markerText[..<newline], as: UTF8.self)
                markerText.removeSubrange(...newline)
                return line
            }
            if ended || output.count > Self.outputLimit || ContinuousClock.now >= deadline { return nil }
            watch.wait(until: deadline)
        }
    }

    private func readMarker() {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(marker, &bytes, bytes.count)
        if count > 0 {
            markerText += bytes[..<count]
        } else if count == 0 || errno == EIO {
            // EIO is a terminal's end of file.
            ended = true
            // Level-triggered: a closed line would be ready for ever.
            watch.remove(marker)
        }
    }

    /// Reads the console until it is empty.
    private func drain() {
        while !consoleClosed && output.count <= Self.outputLimit {
            let count = read(console, &chunk, chunk.count)
            if count > 0 {
                output += chunk[..<count]
            } else if count == 0 {
                consoleClosed = true
                watch.remove(console)
            } else if errno != EINTR {
                return
            }
        }
    }
}
