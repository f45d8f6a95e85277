/// How much an engine keeps, in numbers of things: what must be bounded whatever peers do, and come back to nothing.
package struct EngineFootprint: Hashable, Sendable {
    package var ikes = 0
    package var children = 0
    /// Ways to find an IKE SA or a Child SA: one for each that stands, and the first requests of half-open ones.
    package var ikeSPIs = 0
    package var initialRequests = 0
    package var childSPIs = 0
    /// Child SAs as their connections know them.
    package var connectionChildren = 0
    package var halfOpen = 0
    /// Timers that are set, the one of ticket keys not counted; and entries of their queue, replaced ones included.
    package var timers = 0
    package var timerEntries = 0
    /// Requests of ours that wait for an answer, or for their turn.
    package var pending = 0
    package var waiting = 0
    /// The longest queue of one IKE SA.
    package var longestQueue = 0
    package var negotiations = 0
    /// Octets of fragments of unfinished messages.
    package var fragmentOctets = 0
    package var lastAnswers = 0
    /// What the index of IKE SAs has and should not have, or has not.
    package var misfiled = 0
    /// Connections that wait for their revival, and commands that wait for their last word.
    package var revivals = 0
    package var awaited = 0

    package init() {}

    /// Whether something is under way that ends by itself.
    package var isBusy: Bool { pending + waiting + negotiations + revivals + halfOpen > 0 }
    /// Whether nothing is left of any IKE SA.
    package var isEmpty: Bool {
        ikes + children + ikeSPIs + initialRequests + childSPIs + connectionChildren + halfOpen + timers + pending
            + waiting + revivals
            + awaited + misfiled == 0
    }
}

extension Engine {
    package var footprint: EngineFootprint {
        var found = EngineFootprint()
        found.ikes = ikes.count
        found.children = childSAsByID.count
        found.ikeSPIs = ikeByLocalSPI.count
        found.initialRequests = ikeByInitialRequest.count
        found.childSPIs = childByInboundSPI.count
        found.connectionChildren = childrenByConnection.values.reduce(0) { $0 + $1.count }
        found.halfOpen = halfOpenIKEs.count
        found.timers = timers.count - (timers.isSet(.ticketKey) ? 1 : 0)
        found.timerEntries = timers.storedCount
        found.lastAnswers = lastAnswers.count
        found.misfiled = misfiled
        for ike in ikes.values {
            found.pending += ike.outstanding.count
            found.waiting += ike.waiting.count
            found.longestQueue = max(found.longestQueue, ike.waiting.count)
            found.negotiations += ike.negotiations.count + (ike.rekey == nil ? 0 : 1)
            for reassembly in [ike.requestReassembly, ike.responseReassembly] {
                found.fragmentOctets += reassembly.values.reduce(0) { $0 + $1.octets }
            }
        }
        for record in records.values {
            if record.revivalReason != nil { found.revivals += 1 }
            found.awaited += record.ending.count
        }
        // The same seen from the other side.
        found.awaited = max(found.awaited, endsAwaited.count)
        return found
    }
}
