import NetAddress
import Netlink

extension DataPlaneXFRM {
    /// Whether this kernel does ESP: a state is installed and taken away again.
    /// - Returns: nil where it does; else what it says.
    package static func obstacle() -> String? {
        // RFC 5737's addresses; no policy leads to the state, and no packet does.
        var state = XFRMState(
            from: IPAddress(family: .v4, value: 0xc000_0201), to: IPAddress(family: .v4, value: 0xc000_0202),
            spi: 0x5357_0001)
        state.algorithms = [.aead("rfc4106(gcm(aes))", key: [UInt8](repeating: 0, count: 20), icvBits: 128)]
        state.isForAnyFamily = true
        state.usesESN = true
        state.hasLargeReplay = true
        state.replay = XFRMReplay(window: 128)
        do {
            let netlink = try NetlinkSocket(.xfrm)
            try netlink.send(.addState(state))
            try netlink.send(.deleteState(state.id))
            return nil
        } catch {
            return "\(error)"
        }
    }
}
