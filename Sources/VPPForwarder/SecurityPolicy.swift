package import NetAddress

/// One entry of a security policy database (RFC 4301 §4.4.1): which packets, and what becomes of them.
package struct SecurityPolicy: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        case bypass, discard
        /// By the SA of this identifier.
        case protect(UInt32)
    }

    package var isOutbound: Bool
    /// The greatest that matches counts.
    package var priority: Int32
    package var action: Action
    package var local: IPRange
    package var remote: IPRange
    /// 0: any.
    package var ipProtocol: UInt8
    /// Looked at for TCP, UDP and SCTP only.
    package var localPorts: ClosedRange<UInt16>
    package var remotePorts: ClosedRange<UInt16>
    package internal(set) var packets: UInt64 = 0
    package internal(set) var octets: UInt64 = 0

    var namesPorts: Bool { localPorts != 0...65535 || remotePorts != 0...65535 }

    package init(
        isOutbound: Bool, priority: Int32, action: Action, local: IPRange, remote: IPRange, ipProtocol: UInt8 = 0,
        localPorts: ClosedRange<UInt16> = 0...65535, remotePorts: ClosedRange<UInt16> = 0...65535
    ) {
        self.isOutbound = isOutbound
        self.priority = priority
        self.action = action
        self.local = local
        self.remote = remote
        self.ipProtocol = ipProtocol
        self.localPorts = localPorts
        self.remotePorts = remotePorts
    }

    /// Whether it says the same of the same packets, whatever has been counted.
    func isSame(as other: SecurityPolicy) -> Bool {
        var mine = self
        mine.packets = other.packets
        mine.octets = other.octets
        return mine == other
    }

    func matches(_ packet: PacketFields, isOutbound direction: Bool) -> Bool {
        guard direction == isOutbound, ipProtocol == 0 || ipProtocol == packet.ipProtocol else { return false }
        let (ours, theirs) =
            direction ? (packet.source, packet.destination) : (packet.destination, packet.source)
        guard local.contains(ours), remote.contains(theirs) else { return false }
        guard let ports = packet.ports else { return true }
        let (ourPort, theirPort) =
            direction ? (ports.source, ports.destination) : (ports.destination, ports.source)
        return localPorts.contains(ourPort) && remotePorts.contains(theirPort)
    }
}

/// A security policy database: its policies by descending priority, those of one priority in the order of their making.
package struct SecurityPolicyDatabase: Sendable {
    package let id: UInt32
    package internal(set) var policies: [SecurityPolicy] = []

    init(id: UInt32) { self.id = id }

    mutating func add(_ policy: SecurityPolicy) {
        let place = policies.firstIndex { $0.priority < policy.priority } ?? policies.count
        policies.insert(policy, at: place)
    }

    mutating func remove(_ policy: SecurityPolicy) -> Bool {
        guard let index = policies.firstIndex(where: { $0.isSame(as: policy) }) else { return false }
        policies.remove(at: index)
        return true
    }

    func firstMatch(_ packet: PacketFields, isOutbound: Bool) -> Int? {
        policies.firstIndex { $0.matches(packet, isOutbound: isOutbound) }
    }

    mutating func count(_ index: Int, octets: Int) {
        policies[index].packets += 1
        policies[index].octets += UInt64(octets)
    }
}
