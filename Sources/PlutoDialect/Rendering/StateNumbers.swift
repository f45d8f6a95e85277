import IKEModel
import IKEWire
import NetAddress

/// pluto's `#N`: one sequence for IKE and Child SAs, in the order in which they came to be.
struct StateNumbers {
    struct IKERecord {
        var number: UInt64
        var connection: ConnectionID?
        var role: Role
        var local: Endpoint
        var remote: Endpoint
        /// The peer's last request: what a refusal answers.
        var lastRequest: (exchange: ExchangeType, messageID: UInt32)?
        /// The responder's answer has been digested, the next request is being made.
        var processedFirstResponse = false
        /// IKE_INTERMEDIATE comes next (RFC 9242).
        var agreedOnIntermediate = false
        /// Its deletion was announced when it was asked for; its end is not told again.
        var deletionAnnounced = false
        /// Another has taken its place.
        var isReplaced = false
        /// The IKE SA may be gone by the time that a line about it is made.
        var suite: IKESuite?
        var children: [ChildSAID] = []
    }

    struct ChildRecord {
        var number: UInt64
        var ike: IKESAID
        var connection: ConnectionID
        /// The peer or we refused it.
        var rejected = false
        /// This end asked for it in a CREATE_CHILD_SA exchange.
        var isAskedForHere = false
    }

    private(set) var last: UInt64 = 0
    private(set) var ikes: [IKESAID: IKERecord] = [:]
    private(set) var children: [ChildSAID: ChildRecord] = [:]

    mutating func addIKE(
        _ id: IKESAID, _ connection: ConnectionID?, _ role: Role, local: Endpoint, remote: Endpoint
    ) {
        last += 1
        ikes[id] = IKERecord(number: last, connection: connection, role: role, local: local, remote: remote)
    }

    /// A Child SA that is already known keeps its number.
    mutating func addChild(_ id: ChildSAID, _ ike: IKESAID, _ connection: ConnectionID) {
        guard children[id] == nil else { return }
        last += 1
        children[id] = ChildRecord(number: last, ike: ike, connection: connection)
        ikes[ike]?.children.append(id)
    }

    mutating func update(_ id: IKESAID, _ change: (inout IKERecord) -> Void) {
        if ikes[id] != nil { change(&ikes[id]!) }
    }

    mutating func askFor(_ id: ChildSAID) { children[id]?.isAskedForHere = true }

    /// One IKE SA takes the place of another, and the other's Child SAs.
    mutating func replace(_ old: IKESAID, by new: IKESAID) {
        ikes[old]?.isReplaced = true
        let moved = ikes[old]?.children ?? []
        for child in moved { children[child]?.ike = new }
        ikes[new]?.children += moved
        ikes[old]?.children = []
    }

    mutating func reject(_ id: ChildSAID) { children[id]?.rejected = true }

    /// The IKE SA is gone, and what was left of its Child SAs.
    mutating func remove(_ id: IKESAID) {
        for child in ikes[id]?.children ?? [] where children[child]?.ike == id { children[child] = nil }
        ikes[id] = nil
    }

    mutating func remove(_ id: ChildSAID) { children[id] = nil }

    func ike(numbered number: UInt64) -> IKESAID? { ikes.first { $0.value.number == number }?.key }
    func child(numbered number: UInt64) -> ChildSAID? { children.first { $0.value.number == number }?.key }
}
