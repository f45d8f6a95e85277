package import IKEModel
package import NetAddress

/// What a Child SA has carried, counted as the inner packets' octets.
package struct ChildCounters: Hashable, Sendable {
    package var inboundOctets: UInt64 = 0
    package var inboundPackets: UInt64 = 0
    package var outboundOctets: UInt64 = 0
    package var outboundPackets: UInt64 = 0
    /// Packets refused: seen before or too old; a wrong ICV; no policy for the inner packet.
    package var replays: UInt64 = 0
    package var integrityFailures: UInt64 = 0
    package var policyFailures: UInt64 = 0

    package init() {}
}

/// One direction of an SA as `ip xfrm state` would list it.
package struct SAState: Sendable {
    package var installation: ChildInstallation
    package var isInbound: Bool
    /// 64 bits with Extended Sequence Numbers: the last sent, or the highest received.
    package var sequence: UInt64
    /// The window, 32 packets a word, from the newest on: bit 0 of the first word is the highest sequence number.
    package var replayBitmap: [UInt32]
    /// Seconds since 1970 of the last packet; nil: none.
    package var lastUsedSeconds: Int64?

    package init(
        installation: ChildInstallation, isInbound: Bool, sequence: UInt64, replayBitmap: [UInt32],
        lastUsedSeconds: Int64?
    ) {
        self.installation = installation
        self.isInbound = isInbound
        self.sequence = sequence
        self.replayBitmap = replayBitmap
        self.lastUsedSeconds = lastUsedSeconds
    }
}

package enum PolicyDirection: Hashable, Sendable {
    case outbound, inbound, forward
}

/// What becomes of a packet that a policy holds (RFC 4301 §4.4.1).
package enum PolicyAction: Hashable, Sendable {
    case protect
    /// It is held back, and a Child SA asked for.
    case onDemand
    /// It passes as it is; there is no template.
    case bypass
    /// It is dropped: a Child SA has been asked for.
    case block
}

/// A packet for which a Child SA was asked, as `ip xfrm state` lists one while it remembers.
package struct AcquireState: Hashable, Sendable {
    package var packet: AcquiringPacket
    /// The interface that the packet would have left by in clear; nil: none.
    package var interface: String?

    package init(packet: AcquiringPacket, interface: String?) {
        self.packet = packet
        self.interface = interface
    }
}

/// One policy as `ip xfrm policy` would list it.
package struct PolicyState: Hashable, Sendable {
    package var source: TrafficSelector
    package var destination: TrafficSelector
    package var direction: PolicyDirection
    package var priority: UInt32
    package var mode: ESPMode
    package var reqid: UInt32
    /// The outer addresses of the template; the source unspecified for on-demand policies and in transport mode.
    package var templateSource: IPAddress
    package var templateDestination: IPAddress
    package var action: PolicyAction
    /// What packets need besides (`PolicyMarks`).
    package var mark: PacketMark?
    package var interfaceID: UInt32?

    package init(
        source: TrafficSelector, destination: TrafficSelector, direction: PolicyDirection, priority: UInt32,
        mode: ESPMode, reqid: UInt32, templateSource: IPAddress, templateDestination: IPAddress,
        action: PolicyAction = .protect
    ) {
        self.source = source
        self.destination = destination
        self.direction = direction
        self.priority = priority
        self.mode = mode
        self.reqid = reqid
        self.templateSource = templateSource
        self.templateDestination = templateDestination
        self.action = action
    }
}

/// A change that could not be made: what was tried, and why not.
package struct DataPlaneError: Error, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}

/// The floor below the engine that carries packets: policies, SAs, counters.
///
/// Owned and called by one thread, the daemon's loop.
package protocol DataPlane: AnyObject {
    /// `xfrm`, `user`, …, for status and logs.
    var name: String { get }
    /// Carries out a change before it returns.
    func apply(_ change: KernelChange) throws(DataPlaneError)
    /// nil for a Child SA that is not installed. A removed one's last values stay until the next change.
    func counters(of child: ChildSAID) -> ChildCounters?
    func states() -> [SAState]
    func policies() -> [PolicyState]
    /// Of the last half minute.
    func acquires() -> [AcquireState]

    /// Makes a UDP socket of the daemon's ready for this data plane, once, before anything is sent by it: its packets are no
    /// policy's business, and ESP that comes to it is taken.
    /// - Parameter local: what it is bound to; the address may be unspecified.
    func prepare(socket descriptor: Int32, local: Endpoint) throws(DataPlaneError)

    /// Descriptors to be watched for reading, and what to call when one is readable.
    var descriptors: [Int32] { get }
    func descriptorReady(_ descriptor: Int32, at now: Instant)
    /// ESP-in-UDP that the IKE sockets received: UDP payload, port 4500, no non-ESP marker (RFC 3948 §2.1).
    func receiveEncapsulated(
        _ payload: UnsafeMutableRawBufferPointer, local: Endpoint, remote: Endpoint, at now: Instant)
    /// Frames several calls of `receiveEncapsulated`: in between, the payloads' memory stays as it was left, and the data
    /// plane may hand all of it on at the end, in one system call.
    func beginBatch()
    func endBatch()
    /// Reports since the last call.
    func takeReports() -> [DataPlaneReport]

    /// The netlink socket (its nl_pid) by which it changes routes: those changes are no news of the host. 0: it changes none.
    var routingPort: UInt32 { get }

    // What only a data plane with addresses of its own has: the host's sockets cannot speak for it.
    /// Its addresses; nil: the host's are the daemon's.
    var ownAddresses: [IPAddress]? { get }
    /// Sends an IKE message itself. - Returns: false where that is the sockets' business.
    func transmit(_ datagram: Datagram, at now: Instant) -> Bool
    /// The IKE messages that came to it since the last call.
    func takeDatagrams() -> [Datagram]

    /// Takes away everything that it made in the system.
    func shutdown()
}

extension DataPlane {
    package func acquires() -> [AcquireState] { [] }
    package func prepare(socket descriptor: Int32, local: Endpoint) throws(DataPlaneError) {}
    package func beginBatch() {}
    package func endBatch() {}
    package var routingPort: UInt32 { 0 }
    package var ownAddresses: [IPAddress]? { nil }
    package func transmit(_ datagram: Datagram, at now: Instant) -> Bool { false }
    package func takeDatagrams() -> [Datagram] { [] }
}
