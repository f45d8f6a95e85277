import CLinux
import Glibc
import Lab
import LinuxSystem
import NetAddress
import Netlink

/// What is looked at when the last command of a scenario has run: first the daemons are told to stop, then whatever is
/// still there, or should not have happened, is a finding.
struct PostMortem {
    let lab: Lab
    let folder: ScenarioFolder
    /// The shells' processes, by host: what they started themselves is the scenario's own affair.
    let shells: [String: Int32]
    /// What the run itself started besides.
    var peers: [StrongSwanDaemon] = []
    /// The links of each host before the first command.
    let links: [String: Set<String>]
    let output: String

    /// How long a daemon may take to stop.
    private static let stopTimeout = Duration.seconds(10)

    /// The interfaces of each host, to be compared at the end.
    static func links(of lab: Lab) throws -> [String: Set<String>] {
        var result: [String: Set<String>] = [:]
        for host in lab.hosts { result[host.name] = try links(on: host) }
        return result
    }

    private static func links(on host: LabHost) throws -> Set<String> {
        guard let network = host.namespace(.network) else { return [] }
        return try network.run { Set(try NetlinkSocket().links().map(\.name)) }
    }

    func run() throws -> [Finding] {
        var findings: [Finding] = []
        for host in lab.hosts { findings += deadDaemons(host) }
        for peer in peers { try peer.stop() }
        findings += try stopDaemons()
        for peer in peers { findings += try peer.finish() }
        for host in lab.hosts {
            findings += strays(of: host.name).map {
                Finding(.processLeft, host.name, "process \($0.hostPID) (\($0.name)) is still there after shutdown")
            }
            findings += try kernelState(host)
            findings += cores(host)
        }
        try collectLogs()
        findings += oddLogs()
        return findings
    }

    /// A daemon that wrote its number to a pid file and is gone without having removed it.
    private func deadDaemons(_ host: LabHost) -> [Finding] {
        let alive = Set(lab.processes(on: host.name).filter { !$0.isZombie }.map(\.hostPID))
        let files = [
            "run/pluto/pluto.pid", "run/charon.pid", "run/starter.charon.pid", "run/asa.pid", "run/ios.pid",
            "run/vpp/vpp.pid", "run/setkey.pid",
        ]
        return files.compactMap { name in
            guard let text = try? FileSystem.readText(root(of: host) + name),
                let number = Int32(text.prefix { $0.isNumber }), !alive.contains(number)
            else { return nil }
            return Finding(.daemonDied, host.name, "the daemon of /\(name), process \(number), died")
        }
    }

    /// Processes of a host that are not its shell's: those that became children of the host's process 1.
    private func strays(of host: String) -> [HostProcess] {
        let processes = lab.processes(on: host)
        var isOurs = Set([shells[host]].compactMap(\.self))
        // Numbers grow, but not for ever: until nothing changes.
        var parents: [Int32: Int32] = [:]
        for process in processes { parents[process.labPID] = Self.parent(of: process.labPID) }
        var grew = true
        while grew {
            grew = false
            for (process, parent) in parents where isOurs.contains(parent) && isOurs.insert(process).inserted {
                grew = true
            }
        }
        return processes.filter { !isOurs.contains($0.labPID) && !$0.isZombie }
    }

    private static func parent(of process: Int32) -> Int32 {
        // `PID (name) S PPID …`; the name may hold anything, the last parenthesis ends it.
        guard let text = try? FileSystem.readText("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else {
            return 0
        }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 1 ? Int32(fields[1]) ?? 0 : 0
    }

    /// By dialect, whose `stop` ends the daemon; `ipsec` for all others.
    private static let stoppers = ["vpp": "vpp", "setkey": "setkey"]

    /// Tells every daemon to stop, all at once, and waits for each.
    private func stopDaemons() throws -> [Finding] {
        var commands: [(host: String, command: HostCommand)] = []
        for host in lab.hosts where !strays(of: host.name).isEmpty && !peers.contains(where: { $0.host == host.name }) {
            // A host without the command has no daemon that it could stop.
            let program = Self.stoppers[folder.settings.dialects[host.name] ?? ""] ?? "ipsec"
            guard let command = try? HostCommand(lab, on: host.name, [program, "stop"], timeout: Self.stopTimeout)
            else { continue }
            commands.append((host.name, command))
        }
        var findings: [Finding] = []
        for (host, command) in commands where try command.finish().status == nil {
            findings.append(Finding(.processLeft, host, "telling the daemon to stop had not ended after 10 s"))
        }
        return findings
    }

    /// States and policies, rules beyond the three that every namespace has, and links that were not there before.
    private func kernelState(_ host: LabHost) throws -> [Finding] {
        var findings: [Finding] = []
        func left(_ what: String) {
            findings.append(Finding(.kernelStateLeft, host.name, "left after shutdown: \(what)"))
        }
        for link in try Self.links(on: host).subtracting(links[host.name] ?? []).sorted() { left("interface \(link)") }
        guard let network = host.namespace(.network) else { return findings }
        var counts = clinux_kernel_state()
        let result = try network.run { clinux_count_kernel_state(&counts) }
        if result < 0 { throw SystemError("netlink dump", host.name, code: -result) }
        // Counting costs microseconds, the words that ip(8) has for what is left some milliseconds.
        let isClean = counts.rules_v4 == 3 && counts.rules_v6 <= 2 && counts.states == 0 && counts.policies == 0
        if isClean { return findings }
        let script = "ip rule show; ip -6 rule show; ip xfrm state; ip xfrm policy"
        let answer = try HostCommand(lab, on: host.name, ["/bin/sh", "-c", script], timeout: .seconds(5)).finish()
        for line in answer.output.split(separator: "\n") where line.first?.isWhitespace == false {
            let words = line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            if !Self.standardRules.contains(words) { left(words) }
        }
        if findings.isEmpty { left("\(counts.states) states, \(counts.policies) policies") }
        return findings
    }

    private static let standardRules: Set = [
        "0: from all lookup local", "32766: from all lookup main", "32767: from all lookup default",
    ]

    private func cores(_ host: LabHost) -> [Finding] {
        ["", "tmp/", "root/", String(lab.host(host.name)?.workingDirectory.dropFirst() ?? "") + "/"].flatMap { folder in
            ((try? FileSystem.list(root(of: host) + folder)) ?? [])
                .filter { $0 == "core" || $0.hasPrefix("core.") && $0.dropFirst(5).allSatisfy(\.isNumber) }
                .map { Finding(.core, host.name, "a core file: /\(folder)\($0)") }
        }
    }

    func collectLogs() throws { for host in lab.hosts { try collectLog(host) } }

    /// The daemon's log, for whoever looks for the reason; the scenario may have put a link in its place.
    private func collectLog(_ host: LabHost) throws {
        for (place, dialect) in Self.logs {
            let source = root(of: host) + place
            guard FileSystem.exists(source) else { continue }
            let target = "\(output)/\(host.name).\(dialect).log"
            try FileSystem.remove(target)
            try FileSystem.write(target, FileSystem.read(source))
        }
    }

    /// Where the daemons' logs are, and whose.
    private static let logs = [
        ("tmp/pluto.log", "pluto"), ("tmp/charon.log", "charon"), ("tmp/asa.log", "asa"), ("tmp/ios.log", "ios"),
        ("tmp/vpp.log", "vpp"), ("tmp/setkey.log", "setkey"),
    ]

    /// What is wrong with the logs that were collected.
    func oddLogs() -> [Finding] {
        lab.hosts.flatMap { host in
            Self.logs.flatMap { _, dialect in
                ((try? FileSystem.read("\(output)/\(host.name).\(dialect).log")).map {
                    Self.oddText($0, place: host.name, what: "log")
                }) ?? []
            }
        }
    }

    /// The host's `/`, with a slash at its end.
    private func root(of host: LabHost) -> String { "/proc/\(host.initialProcess.rawValue)/root/" }

    /// What no console and no log of a daemon may hold: `(null)`, octets that no terminal shows, a failed assertion.
    static func oddText(_ text: [UInt8], place: String, what: String) -> [Finding] {
        var findings: [Finding] = []
        func found(_ kind: Finding.Kind, _ text: String, _ line: Int) {
            findings.append(Finding(kind, place, "\(text) in the \(what), line \(line)"))
        }
        if let (offset, octet) = text.enumerated().first(where: { !isPrintable($0.element) }) {
            let line = text[..<offset].count { $0 == 0x0a } + 1
            found(.text, "an octet that is not printable (0x\(String(octet, radix: 16)))", line)
        }
        let marks: [(Finding.Kind, String)] = [
            (.text, "(null)"), (.assertion, "ASSERTION FAILED"), (.assertion, "EXPECTATION FAILED"),
        ]
        for (index, line) in text.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
            for (kind, mark) in marks where findings.count < 10 && contains(line, Array(mark.utf8)) {
                found(kind, mark, index + 1)
            }
        }
        return findings
    }

    private static func isPrintable(_ octet: UInt8) -> Bool {
        (0x20..<0x7f).contains(octet) || octet == 0x09 || octet == 0x0a || octet == 0x0d
    }

    private static func contains(_ line: ArraySlice<UInt8>, _ mark: [UInt8]) -> Bool {
        guard let first = mark.first else { return true }
        return line.indices.contains { line[$0] == first && line[$0...].starts(with: mark) }
    }
}
