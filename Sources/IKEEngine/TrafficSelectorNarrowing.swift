import IKEModel
import IKEWire
import NetAddress

/// The responder's choice of traffic selectors (RFC 7296 §2.9).
enum TrafficSelectorNarrowing {
    /// Selectors in one TS payload: their number is one octet (RFC 7296 §3.13).
    private static let selectorLimit = 255

    /// What both want, in the order of ours, as far as a payload holds it: less than that is a narrower answer; without `narrowing` only where the peer offers just what is configured.
    /// nil: TS_UNACCEPTABLE.
    static func narrow(
        offered: [TrafficSelector], configured: [TrafficSelector], narrowing: Bool
    ) -> [TrafficSelector]? {
        if !narrowing {
            return configured.allSatisfy(offered.contains) ? configured : nil
        }
        var result: [TrafficSelector] = []
        for mine in configured {
            for theirs in offered {
                guard let both = mine.intersection(theirs), !result.contains(where: { $0.contains(both) }) else {
                    continue
                }
                result.removeAll { both.contains($0) }
                if result.count == selectorLimit { return result }
                result.append(both)
            }
        }
        return result.isEmpty ? nil : result
    }

    /// Whether an answer is within what was offered: every selector a subset of one of ours (RFC 7296 §2.9).
    static func isWithin(_ answer: [TrafficSelector], offered: [TrafficSelector]) -> Bool {
        !answer.isEmpty && answer.allSatisfy { got in offered.contains { $0.contains(got) } }
    }
}

extension Connection {
    /// What this end protects: as configured, else its address.
    func localSelectors(address: IPAddress) -> [TrafficSelector] {
        local.selectors.isEmpty ? [TrafficSelector(IPPrefix(host: address))] : local.selectors
    }

    func remoteSelectors(address: IPAddress) -> [TrafficSelector] {
        remote.selectors.isEmpty ? [TrafficSelector(IPPrefix(host: address))] : remote.selectors
    }

    /// Who this end says it is: as configured, else its address (RFC 7296 §3.5).
    func localIdentification(address: IPAddress) -> Identification {
        local.identification ?? Identification(address: address)
    }
}
