import CLinux
import DataPlane
import Glibc
import LinuxSystem
import NetAddress

/// A raw socket for protocol 50, bound to one local address: what it sends has that source, and it hears what comes
/// there.
final class ESPSocket {
    let local: IPAddress
    private let socket: FileDescriptor
    var descriptor: Int32 { socket.rawValue }

    /// - Parameter mark: the firewall mark that keeps its packets out of the policies.
    init(local: IPAddress, mark: UInt32) throws(DataPlaneError) {
        self.local = local
        var step: UnsafePointer<CChar>?
        let opened = lx_esp_socket(local.family == .v4 ? AF_INET : AF_INET6, mark, 8 << 20, &step)
        guard opened >= 0 else {
            let error = SystemError.last(step.map { String(cString: $0) } ?? "socket")
            throw DataPlaneError(
                "ESP socket: \(error); run as root or inside a user namespace (CAP_NET_RAW, CAP_NET_ADMIN)")
        }
        socket = FileDescriptor(owning: opened)
        let result = DatagramAddress(Endpoint(local, port: 0)).withPointer { bind(opened, $0, $1) }
        guard result == 0 else {
            let error = SystemError.last("bind", "\(local)")
            throw DataPlaneError("ESP socket: \(error); is \(local) an address of this host?")
        }
    }
}
