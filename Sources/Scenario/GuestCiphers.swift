import LinuxSystem
import NetAddress
import Netlink

/// What ESP's usual suites are made of, in a guest's kernel.
enum GuestCiphers {
    private static let modprobe = "/proc/sys/kernel/modprobe"

    /// Makes them once, before anyone waits for them. The kernel asks for a module by the name of each combination first, though
    /// there is none by that name, and each time waits for a start of this program: seconds, within the first exchange. Here nobody is
    /// asked. What fails is made when it is needed.
    static func make() {
        guard let helper = try? FileSystem.read(modprobe).filter({ $0 != 0x0a }) else { return }
        do {
            try FileSystem.set(modprobe, "\n")
            let netlink = try NetlinkSocket(.xfrm)
            let suites: [[XFRMAlgorithm]] =
                [("hmac(sha1)", 20, 96), ("hmac(sha256)", 32, 128)].map { hash in
                    [
                        .authentication(
                            hash.0, key: [UInt8](repeating: 0, count: hash.1), icvBits: UInt32(hash.2)),
                        .encryption("cbc(aes)", key: [UInt8](repeating: 0, count: 16)),
                    ]
                } + [[.aead("rfc4106(gcm(aes))", key: [UInt8](repeating: 0, count: 20), icvBits: 128)]]
            for (index, algorithms) in suites.enumerated() {
                // RFC 5737's addresses; it is gone before any packet could want it.
                var state = XFRMState(
                    from: IPAddress(family: .v4, value: 0xc000_0201), to: IPAddress(family: .v4, value: 0xc000_0202),
                    spi: 0x5357_0100 + UInt32(index))
                state.isForAnyFamily = true
                state.algorithms = algorithms
                try netlink.send(.addState(state))
                try netlink.send(.deleteState(state.id))
            }
        } catch {}
        try? FileSystem.set(modprobe, String(decoding: helper, as: UTF8.self))
    }
}
