import IKEModel
import NetAddress

/// What stands between the two ends: where each of them is, and the NAT before west, where there is one.
struct SimulatedPath {
    private let hasNAT: Bool
    /// How often the NAT has made its mapping anew.
    private var mappings: UInt16 = 0

    init(_ settings: SimulationSettings) { hasNAT = settings.hasNAT }

    /// The NAT has forgotten; what west sends next gets another address and port.
    mutating func remap() { mappings += 1 }

    /// Where west is as east sees it.
    func outside(_ inside: Endpoint) -> Endpoint {
        guard hasNAT else { return inside }
        return Endpoint(outsideAddress, port: inside.port &+ 1000 &+ mappings)
    }

    var outsideAddress: IPAddress {
        IPAddress(family: .v4, value: IPAddress("198.51.100.0")!.value + UInt128(1 + mappings % 200))
    }

    /// A datagram as it comes out at the other end; nil where nobody is who gets it.
    func carry(_ datagram: Datagram, from sender: SimulatedEnd, to receiver: SimulatedEnd) -> Datagram? {
        var carried = datagram
        guard datagram.local.address == sender.address else { return nil }
        if sender.name == .west { carried.local = outside(datagram.local) }
        if hasNAT, receiver.name == .west {
            guard datagram.remote.address == outsideAddress else { return nil }
            let inside = Endpoint(receiver.address, port: datagram.remote.port &- 1000 &- mappings)
            guard [500, 4500].contains(inside.port) else { return nil }
            carried.remote = inside
        }
        return carried.remote.address == receiver.address ? carried : nil
    }
}
