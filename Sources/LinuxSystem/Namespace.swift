import CLinux
import Glibc

/// One kind of namespace (namespaces(7)).
package enum NamespaceKind: String, CaseIterable, Sendable {
    case user, mount, process, network, hostName, interProcess

    /// The name of the link below /proc/PID/ns.
    package var fileName: String {
        switch self {
        case .user: "user"
        case .mount: "mnt"
        case .process: "pid"
        case .network: "net"
        case .hostName: "uts"
        case .interProcess: "ipc"
        }
    }

    /// CLONE_NEW*.
    package var cloneFlag: Int32 {
        switch self {
        case .user: LX_NEWUSER
        case .mount: LX_NEWNS
        case .process: LX_NEWPID
        case .network: LX_NEWNET
        case .hostName: LX_NEWUTS
        case .interProcess: LX_NEWIPC
        }
    }
}

/// A namespace held open: it lives while this does, without a process in it.
package struct Namespace {
    package let kind: NamespaceKind
    package let descriptor: FileDescriptor

    package init(_ kind: NamespaceKind, descriptor: FileDescriptor) {
        self.kind = kind
        self.descriptor = descriptor
    }

    /// The namespace of a process, `self` for the caller's own.
    package init(_ kind: NamespaceKind, of process: String) throws(SystemError) {
        self.init(kind, descriptor: try .open("/proc/\(process)/ns/\(kind.fileName)"))
    }

    /// Moves the calling thread in; for `.process` it is the thread's next children that are born inside.
    package func enter() throws(SystemError) {
        try checked(lx_setns(descriptor.rawValue, kind.cloneFlag), "setns", kind.fileName)
    }

    /// The number that the kernel knows it by: equal numbers, same namespace.
    package static func identity(_ kind: NamespaceKind, of process: String) -> String? {
        FileSystem.linkTarget("/proc/\(process)/ns/\(kind.fileName)")
    }

    /// Runs `body` with the thread in this namespace, and comes back. A network namespace in the first place: sockets
    /// made and /proc/sys/net files opened meanwhile are its own.
    package func run<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws -> Result {
        let home = try Namespace(kind, of: "thread-self")
        try enter()
        defer { try! home.enter() }
        return try body()
    }

    /// Leaves the present namespaces of these kinds for new ones.
    package static func unshare(_ kinds: [NamespaceKind]) throws(SystemError) {
        let names = kinds.map(\.fileName).joined(separator: " ")
        try checked(lx_unshare(kinds.reduce(0) { $0 | $1.cloneFlag }), "unshare", names)
    }
}
