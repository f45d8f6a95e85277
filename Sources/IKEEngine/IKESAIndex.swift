import IKEModel
import IKEWire

/// Where to find IKE SAs by what they are to others, so that one more costs the same with ten as with ten thousand. The IKE SAs
/// themselves tell it of their changes.
final class IKESAIndex {
    /// By the connection that each was made for, in the order of their making.
    private var byConnection: [ConnectionID: [IKESAID]] = [:]
    /// By the identity that the peer has proved.
    private var byPeer: [Identification: Set<IKESAID>] = [:]
    /// Those that a connection may be coming up in: not established yet and begun here, with unanswered wishes for a Child
    /// SA, or with connections that wait for them.
    private(set) var busy: Set<IKESAID> = []

    /// In the order of their making.
    func ikes(of connection: ConnectionID) -> [IKESAID] { byConnection[connection] ?? [] }
    func ikes(with peer: Identification) -> Set<IKESAID> { byPeer[peer] ?? [] }

    func move(_ ike: IKESAID, from old: ConnectionID?, to new: ConnectionID?) {
        guard old != new else { return }
        if let old, let place = place(of: ike, in: byConnection[old] ?? []), byConnection[old]?[place] == ike {
            byConnection[old]?.remove(at: place)
            if byConnection[old]?.isEmpty ?? false { byConnection[old] = nil }
        }
        guard let new, let place = place(of: ike, in: byConnection[new] ?? []) else { return }
        byConnection[new, default: []].insert(ike, at: place)
    }

    /// Where it is, or belongs. The newest is asked for most.
    private func place(of ike: IKESAID, in sorted: [IKESAID]) -> Int? {
        guard let last = sorted.last, ike <= last else { return sorted.count }
        var (low, high) = (0, sorted.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < ike { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func move(_ ike: IKESAID, from old: Identification?, to new: Identification?) {
        guard old != new else { return }
        if let old {
            byPeer[old]?.remove(ike)
            if byPeer[old]?.isEmpty ?? false { byPeer[old] = nil }
        }
        if let new { byPeer[new, default: []].insert(ike) }
    }

    func set(_ ike: IKESAID, busy isBusy: Bool) {
        if isBusy { busy.insert(ike) } else { busy.remove(ike) }
    }

    /// How many entries it has: of connections, of peers, of busy ones.
    var counts: [Int] {
        [
            byConnection.values.reduce(0) { $0 + $1.count }, byPeer.values.reduce(0) { $0 + $1.count }, busy.count,
        ]
    }
}

extension Engine {
    /// It can be found from here on.
    func keep(_ ike: IKESA) {
        ikes[ike.id] = ike
        ikeByLocalSPI[ike.localSPI.value] = ike.id
        ike.file(in: index)
    }

    /// How much of the index is not as a look at every IKE SA would have it: 0, or there is a fault.
    var misfiled: Int {
        let all = ikes.values
        let expected = [
            all.count { $0.connection != nil }, all.count { $0.peer != nil }, all.count(where: \.isBusy),
        ]
        let missing = all.count { ike in
            !(ike.connection.map { index.ikes(of: $0).contains(ike.id) } ?? true)
                || !(ike.peer.map { index.ikes(with: $0).contains(ike.id) } ?? true)
                || ike.isBusy != index.busy.contains(ike.id)
        }
        return missing + zip(expected, index.counts).reduce(0) { $0 + abs($1.0 - $1.1) }
    }
}
