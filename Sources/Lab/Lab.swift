import Glibc
package import LinuxSystem
import NetAddress
import Netlink

/// Hosts made of namespaces, joined by veth pairs, inside a sandbox.
///
/// Every host has its own network, mount, process, host name and inter-process namespaces and its own file tree. All
/// middles of links lie in the sandbox's network namespace, where captures and forwarders work. Nothing of it outlives
/// the sandbox.
package final class Lab {
    package let topology: Topology
    package private(set) var hosts: [LabHost]
    package let links: [LabLink]
    /// Started by `spawn`; `shutdown` has to collect those that nobody waited for.
    private var spawned: [ProcessID] = []

    /// Builds and starts it; ready when it returns. To be called once, in the body of a `Sandbox`.
    /// - Parameter hosts: the names to build; those that route between them are added (`Topology.closure`).
    package init(topology: Topology, hosts names: Set<String>, options: LabOptions) throws(LabError) {
        guard getpid() == 1 else { throw LabError(.usage("a lab is built by process 1 of a sandbox")) }
        if let unknown = names.sorted().first(where: { topology.host($0) == nil }) {
            let known = topology.hosts.map(\.name).joined(separator: ", ")
            throw LabError(.usage("topology \(topology.name) has no host \(unknown); it has \(known)"))
        }
        let needed = topology.closure(of: names)
        let chosen = topology.hosts.filter { needed.contains($0.name) }
        let network = LabNetwork(topology: topology, hosts: chosen, impairedLinks: options.impairedLinks)
        self.topology = topology
        self.links = network.links
        self.hosts = []

        var births: [(host: TopologyHost, birth: HostInit.Birth)] = []
        do {
            try LabError.locate { try Lab.prepareSandbox(chosen.map(\.name)) }
            // All at once: making a network namespace takes the kernel milliseconds, and it can make several.
            for host in chosen {
                let root = Lab.root(of: host, topology, options)
                births.append((host, try LabError.locate(host.name) { try HostInit.start(root) }))
            }
            try LabError.locate { try LabNetwork.apply(LabNetwork.middleSysctls) }
            var sockets: [String: NetlinkSocket] = [:]
            var descriptors: [String: Int32] = [:]
            var spaces: [String: Namespace] = [:]
            for (host, birth) in births {
                try LabError.locate(host.name) {
                    try birth.expectStep()
                    let path = "/run/netns/\(host.name)"
                    try Mount.bind("/proc/\(birth.process.rawValue)/ns/net", to: path, recursive: false)
                    let space = Namespace(.network, descriptor: try .open(path))
                    sockets[host.name] = try space.run {
                        try LabNetwork.apply(LabNetwork.hostSysctls + topology.sysctls + host.sysctls)
                        return try NetlinkSocket()
                    }
                    descriptors[host.name] = space.descriptor.rawValue
                    spaces[host.name] = space
                }
            }
            for (host, birth) in births { try LabError.locate(host.name) { try birth.allow() } }
            try LabError.locate { try NetlinkSocket().send(network.middleRequests(namespaces: descriptors)) }
            for (host, _) in births {
                try LabError.locate(host.name) {
                    try spaces[host.name]?.run { try LabNetwork.cutDatagrams(of: host) }
                    try sockets[host.name]?.send(LabNetwork.requests(of: host))
                }
            }
            for (host, birth) in births {
                let built = try LabError.locate(host.name) {
                    try birth.expectStep()
                    let kinds: [NamespaceKind] = [.mount, .hostName, .interProcess, .process]
                    let opened = try kinds.map { try Namespace($0, of: "\(birth.process.rawValue)") }
                    return LabHost(
                        topology: host, initialProcess: birth.process, namespaces: opened + [spaces[host.name]!],
                        environment: LabHost.standardEnvironment.merging(options.environment(host.name)) { $1 },
                        workingDirectory: options.workingDirectory(host.name))
                }
                self.hosts.append(built)
            }
        } catch {
            for (_, birth) in births {
                try? birth.process.send(signal: SIGKILL)
                _ = try? birth.process.wait()
            }
            throw error
        }
    }

    /// A /run of the sandbox's own: the names of network namespaces, and the places where file trees are put together.
    private static func prepareSandbox(_ hosts: [String]) throws(SystemError) {
        // The project or the output may lie in the user's own /run/user/UID.
        let user =
            FileSystem.isDirectory("/run/user") ? try FileDescriptor.open("/run/user", O_RDONLY | O_DIRECTORY) : nil
        try Mount.fileSystem("tmpfs", at: "/run", options: "mode=755")
        if let user {
            try FileSystem.makeDirectory("/run/user")
            try Mount.bind("/proc/self/fd/\(user.rawValue)", to: "/run/user")
        }
        try FileSystem.makeDirectory("/run/netns")
        // Shared: the hosts' mount namespaces are copies made before the names are given, and get to see them all the
        // same.
        try Mount.fileSystem("tmpfs", at: "/run/netns", options: "mode=755")
        try Mount.makeShared("/run/netns")
        try FileSystem.makeDirectory("/run/lab")
        for host in hosts {
            try FileSystem.write("/run/netns/\(host)", "")
            try FileSystem.makeDirectory("/run/lab/\(host)")
        }
    }

    private static func root(of host: TopologyHost, _ topology: Topology, _ options: LabOptions) -> HostRoot {
        HostRoot(
            host: host.name, staging: "/run/lab/\(host.name)", etcHosts: topology.etcHosts,
            etcCopies: options.etcCopies(host.name), mounts: options.hostMounts(host.name), showsTun: options.showsTun,
            isRealRoot: isRealRoot)
    }

    /// Whether the sandbox is in the machine's own user namespace, the only one that maps all numbers.
    private static var isRealRoot: Bool {
        let text = (try? FileSystem.readText("/proc/self/uid_map")) ?? ""
        return text.split(whereSeparator: { $0 == " " || $0 == "\n" }).last == "4294967295"
    }

    package func host(_ name: String) -> LabHost? { hosts.first { $0.name == name } }

    /// Starts a command on a host; it is the caller's child, and the caller waits for it.
    /// - Parameters:
    ///   - environment: wins over the host's.
    ///   - workingDirectory: a path on the host; nil for the host's usual one.
    package func spawn(
        on host: String, _ arguments: [String], environment: [String: String] = [:], stdin: Int32 = 0,
        stdout: Int32 = 1, stderr: Int32 = 2, workingDirectory: String? = nil, startsSession: Bool = true
    ) throws(LabError) -> ProcessID {
        guard let host = self.host(host) else { throw LabError(.usage("no host \(host) was built")) }
        var command = Command(
            arguments, environment: host.environment.merging(environment) { $1 },
            workingDirectory: workingDirectory ?? host.workingDirectory, descriptors: [stdin, stdout, stderr])
        command.namespaces = host.namespaces
        command.startsSession = startsSession
        let process = try LabError.locate(host.name) { try command.start() }
        spawned.append(process)
        return process
    }

    /// Joins the middle ends of impaired links by bridges, so that from now on they lose nothing and need nobody. To be
    /// called when those who forwarded there have let go of them.
    package func joinImpairedLinks() throws(LabError) {
        var requests: [NetlinkRequest] = []
        for (index, link) in links.enumerated() where link.isImpaired {
            let bridge = LabNetwork.bridgeIndex(index)
            requests.append(.createBridge(link.name, index: bridge))
            requests += link.middleInterfaces.map { .setLink($0, master: bridge) }
        }
        let wiring = requests
        try LabError.locate { try NetlinkSocket().send(wiring) }
    }

    /// What runs on a host, without its process 1; by number.
    package func processes(on host: String) -> [HostProcess] {
        guard let host = self.host(host) else { return [] }
        let initial = "\(host.initialProcess.rawValue)"
        guard let home = Namespace.identity(.process, of: initial) else { return [] }
        let numbers = ((try? FileSystem.list("/proc")) ?? []).filter { $0.allSatisfy(\.isNumber) && $0 != initial }
        return numbers.compactMap { number in
            guard Namespace.identity(.process, of: number) == home || isZombie(number, of: initial),
                let status = try? FileSystem.readText("/proc/\(number)/status")
            else { return nil }
            var fields: [Substring: Substring] = [:]
            for line in status.split(separator: "\n") {
                let parts = line.split(separator: ":", maxSplits: 1)
                if parts.count == 2 { fields[parts[0]] = parts[1].drop { $0 == "\t" || $0 == " " } }
            }
            guard let own = fields["NSpid"]?.split(separator: "\t").last.flatMap({ Int32($0) }) else { return nil }
            return HostProcess(
                hostPID: own, labPID: Int32(number)!, name: String(fields["Name"] ?? ""),
                isZombie: fields["State"]?.hasPrefix("Z") ?? false)
        }.sorted { $0.hostPID < $1.hostPID }
    }

    /// A zombie has no namespaces any more: it is known by its parent.
    private func isZombie(_ number: String, of initial: String) -> Bool {
        guard let text = try? FileSystem.readText("/proc/\(number)/stat"),
            let end = text.lastIndex(of: ")")
        else { return false }
        let fields = text[end...].split(separator: " ")
        return fields.count > 2 && fields[1] == "Z" && fields[2] == initial
    }

    /// Kills every host and waits until it is gone. The end of the sandbox does the same.
    /// - Returns: how those commands ended that nobody had waited for; they cannot be waited for any more.
    @discardableResult
    package func shutdown() -> [ProcessID: ProcessID.Status] {
        for host in hosts { try? host.initialProcess.send(signal: SIGKILL) }
        // First the commands: a process namespace does not end while a process of it is uncollected, and these are our
        // children, not those of the host's process 1.
        var ended: [ProcessID: ProcessID.Status] = [:]
        for process in spawned {
            if let status = try? process.wait() { ended[process] = status }
        }
        spawned = []
        for host in hosts { _ = try? host.initialProcess.wait() }
        for host in hosts { try? Mount.detach("/run/netns/\(host.name)") }
        hosts = []
        return ended
    }
}
