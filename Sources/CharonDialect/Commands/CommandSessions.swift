import DialectKit
import IKEModel

/// Commands that wait, and what each of them waits for and hears of.
struct CommandSessions {
    /// Whose words are spoken to it: `ipsec` prints lines as they are, `swanctl` their group before them.
    enum Form { case stroke, vici }

    enum Purpose {
        case up(ConnectionID)
        case down(Set<IKESAID>, Set<ChildSAID>)
        case rekey(ConnectionID)
        case route(ConnectionID)
        /// `swanctl --log`: everything, until it is interrupted.
        case trace
        /// `swanctl --monitor-sa`: SAs as they come and go, until it is interrupted.
        case monitor(MonitorForm)
    }

    enum MonitorForm { case text, raw, pretty }

    struct Entry {
        var session: SessionID
        var form: Form
        var purpose: Purpose
        var ikes: Set<IKESAID> = []

        func write(_ group: String, _ text: String) -> DialectEffect {
            .write(session, (form == .vici ? group : "") + text + "\n")
        }
    }

    private(set) var entries: [Entry] = []

    mutating func add(_ entry: Entry) { entries.append(entry) }
    mutating func remove(_ session: SessionID) { entries.removeAll { $0.session == session } }

    /// An IKE SA now works for a connection.
    mutating func bind(_ ike: IKESAID, to connection: ConnectionID?) {
        for index in entries.indices {
            if case .up(let id) = entries[index].purpose, id == connection { entries[index].ikes.insert(ike) }
        }
    }

    func listeners(of ike: IKESAID) -> [Entry] { entries.filter { $0.ikes.contains(ike) } }
    var tracers: [Entry] { entries.filter { if case .trace = $0.purpose { true } else { false } } }

    var monitors: [(session: SessionID, form: MonitorForm)] {
        entries.compactMap { if case .monitor(let form) = $0.purpose { ($0.session, form) } else { nil } }
    }

    /// Those that wait for this, taken out.
    mutating func take(_ isAwaited: (Purpose) -> Bool) -> [Entry] {
        let found = entries.filter { isAwaited($0.purpose) }
        entries.removeAll { isAwaited($0.purpose) }
        return found
    }

    /// An SA is gone: those that waited for nothing else, taken out.
    mutating func settle(_ ike: IKESAID?, _ child: ChildSAID?) -> [Entry] {
        for index in entries.indices {
            guard case .down(var ikes, var children) = entries[index].purpose else { continue }
            if let ike { ikes.remove(ike) }
            if let child { children.remove(child) }
            entries[index].purpose = .down(ikes, children)
        }
        return take { if case .down(let ikes, let children) = $0 { ikes.isEmpty && children.isEmpty } else { false } }
    }

    /// Those that wait for the end of an SA.
    func awaiting(_ ike: IKESAID?, _ child: ChildSAID?) -> [Entry] {
        entries.filter {
            guard case .down(let ikes, let children) = $0.purpose else { return false }
            return ike.map(ikes.contains) ?? false || child.map(children.contains) ?? false
        }
    }
}
