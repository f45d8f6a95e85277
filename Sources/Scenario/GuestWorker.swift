import CLinux
import Glibc
import Lab
import LinuxSystem
import UserMode

/// Process 1 of a user-mode Linux: takes jobs from the host, one after the other, and runs each in a sandbox of its own,
/// as the runner does on the host.
///
/// Lines from the host: `job JSON`, `examine`, `up JSON`, `quit`. Lines to it: `ready`, then for each job what its sandbox says (`RunPool`)
/// and at last `done`; `alive` every few seconds, so that a kernel that hangs is noticed. Behind the answer to `up`, which is `lab JSON`
/// or `failed TEXT`, both speak in frames (`GuestFrame`) for the rest of the guest's life.
package final class GuestWorker {
    private let line: FileDescriptor
    private var text: [UInt8] = []
    private var provided: Set<MachineFeature> = []

    /// - Parameter line: the serial line to the host.
    private init(line: FileDescriptor) { self.line = line }

    /// The whole life of process 1.
    /// - Parameter modules: the folder of the kernel's modules.
    package static func main(modules: String) -> Never {
        do {
            let worker = GuestWorker(line: try GuestRoot.build(modules: modules))
            try worker.serve()
        } catch {
            try? FileDescriptor(owning: 2).write("swantest: \(error)\n")
        }
        lx_power_off()
        // The end of process 1 is a panic, which ends the machine too.
        _exit(1)
    }

    private func serve() throws {
        say("ready")
        var isSetUp: Set<String> = []
        while let line = try nextLine() {
            if line.starts(with: "quit".utf8) { return }
            if line.starts(with: "examine".utf8) { examine() }
            if line.starts(with: "up ".utf8) { return keep(try GuestLabJob(line: Array(line.dropFirst(3)))) }
            guard line.starts(with: "job ".utf8) else { continue }
            let job = try GuestJob(line: Array(line.dropFirst(4)))
            if isSetUp.insert(job.output).inserted { try GuestRoot.letThrough(job.output) }
            try run(job)
            say("done")
        }
    }

    /// `feature NAME` where it works, with what this kernel said behind it where it does not.
    private func examine() {
        for feature in MachineFeature.allCases {
            provide(feature)
            say("feature \(feature.rawValue)" + (feature.refusal().map { " \($0)" } ?? ""))
        }
        say("done")
    }

    /// Loads what a feature takes, once: even a module that is loaded already is read again.
    private func provide(_ feature: MachineFeature) {
        guard provided.insert(feature).inserted else { return }
        // Else every host would begin with an ip6tnl0 that nobody made, in the place of its first card.
        if feature == .mip6 { try? FileSystem.set("/proc/sys/net/core/fb_tunnels_only_for_init_net", "1") }
        GuestRoot.load(feature.modules)
        if feature == .xfrmESP { GuestCiphers.make() }
    }

    /// Builds a lab and serves its visitors, until the host lets go of the line.
    private func keep(_ job: GuestLabJob) {
        do {
            if let output = job.output { try GuestRoot.letThrough(output) }
            for feature in job.requires + [.xfrmESP] { provide(feature) }
            let record = try job.start()
            RunPool.Report(descriptor: line.rawValue).lab(record)
            GuestSwitchboard(line: line, text: text, record: record).serve()
        } catch {
            say("failed " + "\(error)".map { $0.isNewline ? " " : String($0) }.joined())
        }
    }

    private func run(_ job: GuestJob) throws {
        let start = ContinuousClock.now - .milliseconds(job.boot)
        // What is broken of the folder is told by the sandbox.
        for feature in (try? ScenarioFolder.load(job.folder))?.settings.requires ?? [] {
            provide(feature)
        }
        // A module that the kernel has to ask for costs a start of this program.
        if job.dataPlane != "user" { provide(.xfrmESP) }
        let pipe = try FileDescriptor.pipe()
        let output = pipe.write.rawValue
        let sandbox = try Sandbox.spawn(Sandbox.Options(inherited: [output])) {
            let report = RunPool.Report(descriptor: output)
            report.result(Self.result(of: job, start: start, report))
            return 0
        }
        pipe.write.close()
        while true {
            var poller = pollfd(fd: pipe.read.rawValue, events: Int16(POLLIN), revents: 0)
            let ready = poll(&poller, 1, 5000)
            if ready == 0 { say("alive") }
            guard ready > 0 else { continue }
            let bytes = try pipe.read.read(upTo: 65536)
            if bytes.isEmpty { break }
            try line.write(bytes)
        }
        _ = try sandbox.wait()
    }

    /// In the sandbox.
    private static func result(
        of job: GuestJob, start: ContinuousClock.Instant, _ report: RunPool.Report
    ) -> ScenarioResult {
        do {
            let (run, folder) = try job.run(start: start, report)
            for feature in folder.settings.requires {
                guard let refusal = feature.refusal() else { continue }
                return ScenarioResult(
                    name: job.name, repetition: job.repetition, verdict: .unsupported,
                    reason: "requires \(feature.rawValue): \(refusal), in user-mode Linux too")
            }
            return run.execute()
        } catch {
            return ScenarioResult(
                name: job.name, repetition: job.repetition, verdict: .unresolved, reason: "\(error)")
        }
    }

    private func say(_ text: String) { try? line.write(text + "\n") }

    /// The next line from the host; nil when it has gone.
    private func nextLine() throws -> [UInt8]? {
        while true {
            if let newline = text.firstIndex(of: 0x0a) {
                defer { text.removeSubrange(...newline) }
                return Array(text[..<newline])
            }
            // Orphans of what has ended are ours.
            while waitpid(-1, nil, WNOHANG) > 0 {}
            let bytes = try line.read(upTo: 4096)
            if bytes.isEmpty { return nil }
            text += bytes
        }
    }
}

extension MachineFeature {
    /// The modules of Debian's user-mode Linux that it takes.
    fileprivate var modules: [String] {
        switch self {
        case .xfrmESP:
            [
                // Without it, the first state with a generated IV loads drbg, and jitterentropy's test takes seconds.
                "ansi_cprng", "xfrm_user", "esp4", "esp6", "gcm", "ctr", "ghash_generic", "seqiv", "echainiv",
                "authenc", "cbc",
                "hmac", "sha1_generic", "sha256_generic", "sha512_generic", "aes_generic",
            ]
        case .mip6: ["xfrm_user", "mip6", "ip6_tunnel"]
        case .netem: ["sch_netem"]
        case .namespaces, .userNamespaces, .packetPort, .tun: []
        }
    }
}
