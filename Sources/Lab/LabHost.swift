package import LinuxSystem

/// A host that was built.
package struct LabHost {
    package let topology: TopologyHost
    /// The number, in the sandbox, of the host's process 1.
    package let initialProcess: ProcessID
    /// Mount, network, host name, inter-process and process namespaces.
    package let namespaces: [Namespace]
    package let environment: [String: String]
    package let workingDirectory: String

    package var name: String { topology.name }

    /// What every command finds in its environment.
    package static let standardEnvironment = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root", "USER": "root", "LOGNAME": "root", "SHELL": "/bin/bash", "LANG": "C.UTF-8", "TERM": "dumb",
    ]

    package func namespace(_ kind: NamespaceKind) -> Namespace? { namespaces.first { $0.kind == kind } }
}

/// A link that was built. Its middle lies in the sandbox's own network namespace.
package struct LabLink: Hashable, Sendable {
    /// One interface that is plugged in.
    package struct End: Hashable, Sendable {
        package let host: String
        package let interface: String
        /// The other end of its veth pair, in the sandbox's network namespace.
        package let middle: String
    }

    package let name: String
    package let ends: [End]
    /// The bridge that joins the middle ends; nil for an impaired link, which somebody else has to forward.
    package let bridge: String?

    /// What is to be opened for a capture, in the sandbox's network namespace. A bridge shows what is forwarded to a
    /// socket that made it promiscuous (PACKET_MR_PROMISC), each frame once; on an impaired link each frame that
    /// arrives is captured at the middle end that it comes in at (PACKET_OUTGOING ones left out).
    package var captureInterfaces: [String] { bridge.map { [$0] } ?? middleInterfaces }
    package var middleInterfaces: [String] { ends.map(\.middle) }
    package var isImpaired: Bool { bridge == nil }
}

/// A process that runs on a host.
package struct HostProcess: Hashable, Sendable {
    /// Its number as the host's own `ps` shows it.
    package let hostPID: Int32
    /// Its number in the sandbox.
    package let labPID: Int32
    /// At most 15 octets.
    package let name: String
    package let isZombie: Bool
}
