import DataPlane
import IKEModel
import Netlink

/// New ends for a Child SA that stands.
extension DataPlaneXFRM {
    /// Both states are made anew with their sequence numbers, windows and counts. XFRM_MSG_MIGRATE would lose the counts, and
    /// knows nothing of an encapsulation that begins or ends.
    func follow(_ move: ChildMove) throws(DataPlaneError) {
        let child = move.child
        guard let netlink, let before = children[child] else {
            throw DataPlaneError("no Child SA \(child.number) to move")
        }
        var after = before
        after.installation.follow(move)
        after.mapped = nil
        let outbound: XFRMState
        let inbound: XFRMState
        do {
            guard let oldIn = try netlink.state(before.inboundID), let oldOut = try netlink.state(before.outboundID)
            else { throw DataPlaneError("the states of Child SA \(child.number) are gone") }
            inbound = Self.continued(try after.inbound(), oldIn)
            var new = Self.continued(try after.outbound(), oldOut)
            if oldOut.direction == nil { new = Self.withWindow(of: oldOut, new) }
            outbound = new
        } catch let error as NetlinkError {
            throw Self.error(error)
        } catch {
            throw error as? DataPlaneError ?? DataPlaneError("\(error)")
        }
        // A state is known by its destination: one that keeps it has to go first.
        try send([.deleteState(before.inboundID), .addState(inbound)])
        try send([.deleteState(before.outboundID), .addState(outbound)])
        children[child] = after
        try refresh()
    }

    private static func continued(_ new: XFRMState, _ old: XFRMState) -> XFRMState {
        var new = new
        new.replay = old.replay
        new.hasLargeReplay = old.hasLargeReplay
        new.use = old.use
        return new
    }

    private static func withWindow(of old: XFRMState, _ new: XFRMState) -> XFRMState {
        var new = new
        new.direction = nil
        new.replay.window = old.replay.window
        return new
    }
}
