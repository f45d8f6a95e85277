import CLinux
import Glibc
package import NetAddress

/// Tells when an address or a route of this network namespace changes (rtnetlink(7)), or a link where that is wanted, not
/// which: what is asked for then is asked of the kernel.
package final class HostWatch {
    /// Readable where something has changed since the last `drain`.
    package let descriptor: FileDescriptor

    package init(includesLinks: Bool = false) throws(SystemError) {
        let raw = lx_host_watch_open(includesLinks)
        guard raw >= 0 else { throw .last("socket", "NETLINK_ROUTE") }
        descriptor = FileDescriptor(owning: raw)
    }

    /// - Parameter port: changes that came by this netlink socket (its nl_pid) do not count; 0, the kernel's: all do.
    /// - Returns: whether there was a change.
    package func drain(ignoring port: UInt32 = 0) -> Bool { lx_host_watch_drain(descriptor.rawValue, port) != 0 }

    /// The address from which packets with a firewall mark would leave for another; nil where there is no way.
    package static func source(towards remote: IPAddress, mark: UInt32?) -> IPAddress? {
        let target = DatagramAddress(Endpoint(remote, port: 9))
        var answer = DatagramAddress(emptyOf: remote.family)
        let result = target.withPointer { remote, length in
            answer.withMutablePointer { local, _ in lx_source_address(remote, length, mark ?? 0, local) }
        }
        guard result == 0, let found = answer.endpoint?.address, !found.isUnspecified else { return nil }
        return found
    }
}
