/// Something of the outside that a host sees.
package struct MountSpec: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// The folder or file itself.
        case bind(readOnly: Bool)
        /// A copy in the host's memory: what is written there goes with the host.
        case copy
        /// A folder whose files are seen in the target besides what is there, and before it; read-only.
        case layer
    }

    /// A path outside; links are followed.
    package var source: String
    /// An absolute path in the host; folders above it are made.
    package var target: String
    package var kind: Kind

    package init(source: String, target: String, kind: Kind = .bind(readOnly: true)) {
        self.source = source
        self.target = target
        self.kind = kind
    }
}

/// What a lab's hosts have besides their topology. The closures get the host's name.
package struct LabOptions {
    package var hostMounts: (String) -> [MountSpec] = { _ in [] }
    /// Added to `LabHost.standardEnvironment`.
    package var environment: (String) -> [String: String] = { _ in [:] }
    /// Where commands start, if they don't say otherwise.
    package var workingDirectory: (String) -> String = { _ in "/root" }
    /// Files and folders below the outside /etc that a host gets a copy of besides the usual ones: `strongswan.d`.
    package var etcCopies: (String) -> [String] = { _ in [] }
    /// Links whose middle ends are not joined: see `LabLink.middleInterfaces`.
    package var impairedLinks: Set<String> = []
    /// Whether /dev/net/tun is shown, where there is one; an ordinary user may not be able to open it all the same.
    package var showsTun = true

    package init() {}
}
