import DataPlane
import Glibc
import IKEModel
import LinuxSystem
import NetAddress

/// NAT keepalives (RFC 3948 §4).
extension DataPlaneXFRM {
    /// Whether none of these has sent anything since the last such call but one: the engine asks twice an interval.
    func isIdle(_ asked: [ChildSAID]) -> Bool {
        var isIdle = true
        for child in asked {
            guard let counters = counters(of: child) else { continue }
            if sentBefore.updateValue(counters.outboundPackets, forKey: child) != counters.outboundPackets {
                isIdle = false
            }
        }
        return isIdle
    }

    /// One octet 0xff from the port of the encapsulated packets (§2.3). Lost, it is as if it had not been sent.
    func sendKeepAlive(from local: Endpoint, to remote: Endpoint) {
        guard let descriptor = encapsulationSocket(local) else { return }
        let octet: [UInt8] = [0xff]
        DatagramAddress(remote).withPointer { address, length in
            _ = sendto(descriptor, octet, 1, Int32(MSG_DONTWAIT), address, length)
        }
    }
}
