import ArgumentParser
import Glibc
import LinuxSystem
import Scenario
import UserMode

/// `swantest doctor`: what this machine can do, each found by trying it.
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what this machine can do, and the command that mends each lack.")

    @OptionGroup var locations: LocationOptions

    func run() throws {
        var missing: [String] = []
        for capability in examine() {
            switch capability.state {
            case .present: Terminal.print("\(Terminal.green("yes"))  \(capability.name)")
            case .absent(let reason, let remedy):
                Terminal.print("\(capability.isRequired ? Terminal.red("no ") : "no ")  \(capability.name): \(reason)")
                if !remedy.isEmpty { Terminal.print("         \(remedy)") }
                if capability.isRequired { missing.append(capability.name) }
            }
        }
        if !missing.isEmpty {
            throw Exit.machineCannot("scenarios cannot run here without: " + missing.joined(separator: ", "))
        }
    }

    func examine() -> [Capability] {
        kernelCapabilities() + userMode() + toolCapabilities() + [libreswan(), data()]
    }

    private func libreswan() -> Capability {
        let name = "libreswan, for scenarios with a real one"
        let isThere = LibreswanInstallation().refusal == nil
        return Capability(
            name, isThere ? .present : .absent(reason: "not installed", remedy: "swantest fetch libreswan"))
    }

    private func kernelCapabilities() -> [Capability] {
        let isRoot = geteuid() == 0
        func capability(
            _ name: String, required: Bool = false, _ feature: MachineFeature, remedy: String
        ) -> Capability {
            guard let reason = feature.refusal() else { return Capability(name, required: required, .present) }
            return Capability(name, required: required, .absent(reason: reason, remedy: remedy))
        }
        let needsKernel = "a kernel that has it, or user-mode Linux (below), which scenarios that require it are run in"
        return [
            capability(
                "namespaces (network, mount, process, hostname)", required: true, .namespaces,
                remedy: isRoot ? "the kernel needs CONFIG_NET_NS, CONFIG_PID_NS, CONFIG_UTS_NS" : userNamespaceRemedy()),
            capability("user namespaces of an ordinary user", .userNamespaces, remedy: userNamespaceRemedy()),
            capability(
                "packet sockets with offloads on a veth pair", required: true, .packetPort,
                remedy: "the kernel needs CONFIG_VETH and CONFIG_PACKET: modprobe veth af_packet"),
            capability(
                "/dev/net/tun", .tun,
                remedy: isRoot
                    ? "modprobe tun" : "swand does without; other daemons need: chmod 666 /dev/net/tun (as root)"),
            capability("XFRM with ESP (AES-GCM, ESN)", .xfrmESP, remedy: needsKernel),
            capability("XFRM for Mobile IPv6", .mip6, remedy: needsKernel),
            capability("netem, a queue that delays and loses", .netem, remedy: needsKernel),
        ]
    }

    /// What user-mode Linux would serve: it is booted, and tries all of it.
    private func userMode() -> [Capability] {
        let name = "user-mode Linux, for what this kernel lacks (--kernel uml)"
        guard let package = UserModePackage.find() else {
            return [
                Capability(name, .absent(reason: "not installed", remedy: UserModePackage.installCommand))
            ]
        }
        do {
            let (refusals, boot) = try GuestExamination.run(package)
            let served = MachineFeature.allCases.filter { if case .some(nil) = refusals[$0] { true } else { false } }
            let names = served.map(\.rawValue).joined(separator: ", ")
            return [
                Capability("\(name): Linux \(package.release), up in \(boot.milliseconds) ms; has \(names)", .present)
            ]
        } catch {
            return [Capability(name, .absent(reason: "\(error)", remedy: ""))]
        }
    }

    /// Which of the distributions' locks it is.
    private func userNamespaceRemedy() -> String {
        func setting(_ name: String) -> String? {
            (try? FileSystem.readText("/proc/sys/" + name)).map { String($0.prefix { !$0.isWhitespace }) }
        }
        if setting("kernel/apparmor_restrict_unprivileged_userns") == "1" {
            return "AppArmor restricts them: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (as root)"
        }
        if setting("kernel/unprivileged_userns_clone") == "0" {
            return "sysctl -w kernel.unprivileged_userns_clone=1 (as root)"
        }
        if setting("user/max_user_namespaces") == "0" { return "sysctl -w user.max_user_namespaces=10000 (as root)" }
        return "the kernel needs CONFIG_USER_NS; inside a container, its seccomp profile must allow unshare and mount"
    }

    private func toolCapabilities() -> [Capability] {
        let tools: [(command: [String], package: String, use: String, required: Bool)] = [
            (["bash", "--version"], "bash", "the shell of every host", true),
            (["ip", "-V"], "iproute2", "ip on a host", true),
            (["ping", "-V"], "iputils-ping", "ping-once.sh", true),
            (["tcpdump", "--version"], "tcpdump", "tcpdump.sh", false),
            (["tshark", "--version"], "tshark", "reading captures", false),
            (["iperf3", "--version"], "iperf3", "make bench", false),
            (["xmllint", "--version"], "libxml2-utils", "checking --junit in make test", false),
        ]
        return tools.map { tool in
            let name = "\(tool.command[0]) (\(tool.use))"
            guard let reason = Self.tryRunning(tool.command) else {
                return Capability(name, required: tool.required, .present)
            }
            return Capability(
                name, required: tool.required,
                .absent(reason: reason, remedy: "apt-get install --no-install-recommends \(tool.package)"))
        }
    }

    /// Runs a command without input and output; nil where it ended with status 0, else why not.
    private static func tryRunning(_ command: [String]) -> String? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in Int32(0)...2 {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child: pid_t = 0
        let result = posix_spawnp(&child, command[0], &actions, nil, &arguments, environ)
        // EACCES: a folder of PATH that this user may not look into.
        if result == ENOENT || result == EACCES { return "not installed" }
        if result != 0 { return String(cString: strerror(result)) }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 && errno == EINTR {}
        return status == 0 ? nil : "\(command.joined(separator: " ")) ended with status \(status >> 8)"
    }

    private func data() -> Capability {
        do {
            let installation = try Installation.find(testing: locations.testing)
            guard installation.swand != nil else {
                return Capability(
                    "the daemon, swand", required: true, .absent(reason: "not beside swantest", remedy: "make build"))
            }
            return Capability("testing, guestbin and swand at \(installation.testing)", .present)
        } catch {
            return Capability("testing and guestbin", required: true, .absent(reason: "\(error)", remedy: ""))
        }
    }
}
