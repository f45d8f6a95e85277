import Glibc
import LinuxSystem
import Testing

/// A terminal: what a user types and sees. Its other end is a program's standard input and output.
private final class PseudoTerminal {
    let master: FileDescriptor
    let program: FileDescriptor
    /// All that was shown, without carriage returns before line feeds.
    private(set) var shown = ""
    private var place: String.Index

    init() throws {
        place = shown.startIndex
        master = try FileDescriptor.open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var (locked, number): (Int32, Int32) = (0, 0)
        // TIOCSPTLCK and TIOCGPTN, which Swift does not see.
        guard ioctl(master.rawValue, 0x4004_5431, &locked) == 0, ioctl(master.rawValue, 0x8004_5430, &number) == 0
        else { throw SystemError.last("ioctl", "/dev/ptmx") }
        let name = "/dev/pts/\(number)"
        program = try FileDescriptor.open(name, O_RDWR | O_NOCTTY)
    }

    func type(_ text: String) throws { try master.write(text) }

    /// Waits until the text is shown, behind what was waited for before; returns what stood before it.
    @discardableResult
    func expect(_ text: String) throws -> String {
        while true {
            if let range = shown[place...].firstRange(of: text) {
                defer { place = range.upperBound }
                return String(shown[place..<range.lowerBound])
            }
            var octets = [UInt8](repeating: 0, count: 4096)
            let count = read(master.rawValue, &octets, octets.count)
            guard count > 0 else { throw Missing(text: text, shown: String(shown[place...])) }
            let offset = shown.utf8.distance(from: shown.startIndex, to: place)
            shown += String(decoding: octets[..<count].filter { $0 != 0x0d }, as: UTF8.self)
            place = shown.utf8.index(shown.startIndex, offsetBy: offset)
        }
    }

    /// The program is gone and this was never shown.
    struct Missing: Error {
        var text: String
        var shown: String
    }
}

@Suite(.enabled(if: hasNamespaces, "unshare -r -n -m -p does not work on this machine"))
struct VPPConsoleTests {
    /// A VPP with a loopback by its startup file, and `vppctl` at a terminal; /tmp is the script's own, so the program, which
    /// may have been built below it, is copied away first.
    private static let script = """
        mkdir /run/kept /run/bin && cp -L vpp /run/bin/vpp && ln -s vpp /run/bin/vppctl || exit 99
        mount --bind . /run/kept && mount -t tmpfs tmpfs /tmp && cd /run/kept || exit 98
        PATH=/run/bin:$PATH
        printf '%s\\n' '# comment' 'create loopback interface' 'bogus command' 'set interface state loop0 up' > startup
        vpp unix { startup-config startup } || exit 97
        vppctl; echo status $?
        grep -o 'startup: bogus.*' /tmp/vpp.log
        vpp stop
        vppctl show interface; echo status $?
        """
    private static let heading =
        "              Name               Idx       State          Counter          Count     \n"
    private static let interfaces =
        heading + "local0                            0        down      \n"
        + "loop0                             1         up       \n"

    @Test func `a console has a prompt, takes lines back and changes them, and helps`() throws {
        let terminal = try PseudoTerminal()
        let descriptor = terminal.program.rawValue
        let swand = try Swand()
        let process = try swand.start(Self.script, [descriptor, descriptor, descriptor])
        terminal.program.close()
        #expect(try terminal.expect("vpp# ") == "")
        try terminal.type("show interface\r")
        #expect(try terminal.expect("vpp# ") == "show interface\n" + Self.interfaces)
        // The line before, by an arrow: it is written over the empty one.
        try terminal.type("\u{1b}[A")
        try terminal.expect("\u{1b}[Kvpp# show interface")
        try terminal.type(" bog\u{7f}us\r")
        try terminal.expect("show interface bous\n")
        #expect(try terminal.expect("vpp# ") == "show interface: unknown interface `bous'\n")
        // Help is at hand in the middle of a line, which stays.
        try terminal.type("set ikev2 ?")
        let help = try terminal.expect("vpp# set ikev2 ")
        #expect(help.hasPrefix("set ikev2 ?\n") && help.contains("set ikev2 local key <file>\n"))
        // Control-U empties it.
        try terminal.type("\u{15}history\r")
        try terminal.expect("\u{1b}[Kvpp# history\n1  show interface\n2  show interface bous\n3  history\nvpp# ")
        try terminal.type("quit\r")
        try terminal.expect("quit\nstatus 0\nstartup: bogus command: unknown input `bogus command'\n")
        // Without a daemon it says so.
        try terminal.expect("clib_socket_init: connect")
        try terminal.expect("status 1\n")
        let status = try process.wait().shellCode
        withExtendedLifetime(swand) { #expect(status == 0) }
    }

    @Test func `Control-D ends a console, and a pipe is typed without a prompt`() throws {
        let terminal = try PseudoTerminal()
        let descriptor = terminal.program.rawValue
        let script = Self.script.split(separator: "\n").map { line in
            line.hasPrefix("vppctl; ") ? line + "; printf 'show interface\\n# no\\nquit\\nbogus\\n' | vppctl" : line
        }.joined(separator: "\n")
        let swand = try Swand()
        let process = try swand.start(script, [descriptor, descriptor, descriptor])
        terminal.program.close()
        try terminal.expect("vpp# ")
        try terminal.type("\u{4}")
        #expect(try terminal.expect("startup: bogus command") == "\nstatus 0\n" + Self.interfaces)
        try terminal.expect("status 1\n")
        let status = try process.wait().shellCode
        withExtendedLifetime(swand) { #expect(status == 0) }
    }
}
