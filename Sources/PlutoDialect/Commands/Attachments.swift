import DialectKit
import IKEModel

/// Sessions that see a connection's lines until what they asked for is done.
struct Attachments {
    enum Purpose: Hashable {
        /// Until each of its connections is up or given up; asynchronously: until the first line.
        case up(asynchronous: Bool)
        case down
        /// Without a word.
        case suspend
        case rekey
        case route
        /// Until this SA is gone.
        case deleteIKE(IKESAID)
        case deleteChild(ChildSAID)
    }

    struct Attachment {
        var session: SessionID
        var purpose: Purpose
        /// Those that are not done yet.
        var connections: Set<ConnectionID>
        /// Those whose lines it sees as well: the owners of IKE SAs that its connections use.
        var witnessed: Set<ConnectionID> = []
        var failed = false
    }

    private(set) var all: [Attachment] = []

    mutating func add(_ attachment: Attachment) { all.append(attachment) }
    mutating func remove(_ session: SessionID) { all.removeAll { $0.session == session } }

    /// Who sees a line of this connection. A line of an IKE SA that the peer started is no business of an `up`.
    func listeners(of connection: ConnectionID, role: Role?) -> [SessionID] {
        all.compactMap { attachment in
            guard attachment.connections.contains(connection) || attachment.witnessed.contains(connection) else {
                return nil
            }
            switch attachment.purpose {
            case .suspend: return nil
            case .up: return role == .responder ? nil : attachment.session
            default: return attachment.session
            }
        }
    }

    /// What the connection's `up` waits for has failed, though its last word is still to come.
    mutating func markFailed(_ connection: ConnectionID) {
        for index in all.indices where all[index].connections.contains(connection) {
            if case .up = all[index].purpose { all[index].failed = true }
        }
    }

    /// Who waits for a connection sees what becomes of the IKE SA that carries its request.
    mutating func witness(_ owner: ConnectionID, by connection: ConnectionID) {
        for index in all.indices where all[index].connections.contains(connection) {
            all[index].witnessed.insert(owner)
        }
    }

    /// The connection's part of those that match is done. - Returns: the sessions that wait for nothing more.
    mutating func finish(
        _ connection: ConnectionID, failed: Bool = false, where matches: (Purpose) -> Bool
    ) -> [(session: SessionID, failed: Bool)] {
        var done: [(SessionID, Bool)] = []
        for index in all.indices where all[index].connections.contains(connection) && matches(all[index].purpose) {
            all[index].connections.remove(connection)
            all[index].failed = all[index].failed || failed
            if all[index].connections.isEmpty { done.append((all[index].session, all[index].failed)) }
        }
        all.removeAll { $0.connections.isEmpty }
        return done
    }
}
