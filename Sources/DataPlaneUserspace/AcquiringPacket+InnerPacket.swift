import IKEModel
import NetAddress

extension AcquiringPacket {
    /// As the kernel's acquire tells it: type and code of ICMP in place of the two ports.
    init(_ inner: InnerPacket) {
        let isICMP = inner.ipProtocol == 1 || inner.ipProtocol == 58
        self.init(
            source: IPAddress(family: inner.family, value: inner.source),
            destination: IPAddress(family: inner.family, value: inner.destination), ipProtocol: inner.ipProtocol,
            sourcePort: isICMP ? inner.sourcePort >> 8 : inner.sourcePort,
            destinationPort: isICMP ? inner.sourcePort & 0xff : inner.destinationPort)
    }
}
