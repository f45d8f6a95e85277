import DataPlane
import IKECrypto
import IKEModel
import NetAddress
import Netlink

/// A Child SA that stands in the kernel, as two states.
struct KernelSA {
    var installation: ChildInstallation
    /// The order of installation.
    let number: UInt64
    /// What was reported of it already.
    var isSoftExpired = false
    var isHardExpired = false
    /// Where the peer's encapsulated packets came from last, once that differs from what was installed.
    var mapped: Endpoint?

    init(_ installation: ChildInstallation, number: UInt64) {
        self.installation = installation
        self.number = number
    }

    var inboundID: XFRMStateID {
        XFRMStateID(
            destination: installation.local, spi: installation.inbound.spi.value,
            mark: installation.marks.marksInboundSA ? installation.marks.inbound.map(XFRMMark.init) : nil)
    }
    var outboundID: XFRMStateID {
        XFRMStateID(
            destination: installation.remote, spi: installation.outbound.spi.value,
            mark: installation.marks.marksOutboundSA ? installation.marks.outbound.map(XFRMMark.init) : nil)
    }

    func inbound() throws(DataPlaneError) -> XFRMState {
        var state = XFRMState(
            from: installation.remote, to: installation.local, spi: installation.inbound.spi.value)
        try describe(&state, installation.inbound)
        if case .udp(let local, let remote) = installation.encapsulation {
            state.encapsulation = XFRMEncapsulation(sourcePort: remote, destinationPort: local)
        }
        state.selector = selector(isInbound: true)
        state.mark = inboundID.mark
        state.interfaceID = installation.marks.inboundInterface
        let window = UInt32(min(max(installation.replayWindow, 0), Self.greatestWindow))
        // The kernel takes no ESN without a window (xfrm_init_replay), although RFC 4303 §3.4.3 lets a receiver go without.
        state.replay = XFRMReplay(window: state.usesESN ? max(window, 1) : window)
        return state
    }

    func outbound() throws(DataPlaneError) -> XFRMState {
        var state = XFRMState(
            from: installation.local, to: installation.remote, spi: installation.outbound.spi.value)
        try describe(&state, installation.outbound)
        if case .udp(let local, let remote) = installation.encapsulation {
            state.encapsulation = XFRMEncapsulation(sourcePort: local, destinationPort: remote)
        }
        state.selector = selector(isInbound: false)
        state.mark = outboundID.mark
        state.interfaceID = installation.marks.outboundInterface
        if state.usesESN { state.direction = .outbound }
        return state
    }

    /// For kernels before 6.10, which take no ESN state without a window, and know of no direction.
    static func forOlderKernels(_ state: XFRMState) -> XFRMState {
        var state = state
        state.direction = nil
        state.replay = XFRMReplay(window: 1)
        return state
    }

    /// Packets: XFRMA_REPLAY_ESN_MAX.
    private static let greatestWindow = 4096

    private func describe(_ state: inout XFRMState, _ direction: ESPDirection) throws(DataPlaneError) {
        let suite = installation.suite
        if case .tcp = installation.encapsulation {
            throw DataPlaneError("ESP in TCP is not done with the kernel's ESP: start swand with --dataplane user")
        }
        guard let algorithms = KernelSA.algorithms(suite, direction) else {
            throw DataPlaneError("the kernel's ESP has no \(suite.cipher.algorithm.name) with \(suite.integrity.name)")
        }
        state.algorithms = algorithms
        state.reqid = installation.reqid
        state.mode = installation.mode == .tunnel ? .tunnel : .transport
        state.isForAnyFamily = installation.mode == .tunnel
        state.usesESN = suite.extendedSequenceNumbers
        state.hasLargeReplay = suite.extendedSequenceNumbers || installation.replayWindow > 32
        let limits = installation.limits
        func limit(_ value: UInt64) -> UInt64? { value == .max ? nil : value }
        state.limits.softOctets = limit(limits.softOctets)
        state.limits.hardOctets = limit(limits.hardOctets)
        state.limits.softPackets = limit(limits.softPackets)
        state.limits.hardPackets = limit(limits.hardPackets)
    }

    /// Transport mode's: what the state is for. Where several selectors were agreed on, or the policies are somebody else's, the
    /// policies alone tell.
    private func selector(isInbound: Bool) -> XFRMSelector? {
        guard !installation.isTransportProxy, installation.mode == .transport, installation.localSelectors.count == 1,
            installation.remoteSelectors.count == 1
        else { return nil }
        let (local, remote) = (installation.localSelectors[0], installation.remoteSelectors[0])
        let all = KernelSelectors.selectors(from: isInbound ? remote : local, to: isInbound ? local : remote)
        return all.count == 1 ? all[0] : nil
    }

    // MARK: Algorithms

    /// nil where the kernel has no name for one of them.
    private static func algorithms(_ suite: ESPSuite, _ direction: ESPDirection) -> [XFRMAlgorithm]? {
        let cipher = suite.cipher.algorithm
        guard let name = KernelAlgorithm.name(cipher) else { return nil }
        let key = direction.encryptionKey.exposed
        if cipher.isAEAD { return [.aead(name, key: key, icvBits: UInt32(cipher.icvLength * 8))] }
        var result: [XFRMAlgorithm] = []
        if suite.integrity != .none {
            guard let hash = KernelAlgorithm.name(suite.integrity) else { return nil }
            result.append(
                .authentication(
                    hash, key: direction.integrityKey.exposed, icvBits: UInt32(suite.integrity.icvLength * 8)))
        }
        return result + [.encryption(name, key: key)]
    }

    /// The same backwards, of a state that the kernel lists; nil where it has an algorithm that IKEv2 has not.
    static func suite(of state: XFRMState) -> (suite: ESPSuite, direction: ESPDirection)? {
        var cipher: CipherChoice?
        var integrity = IntegrityAlgorithm.none
        var (encryptionKey, integrityKey) = (SecretBytes.empty, SecretBytes.empty)
        for algorithm in state.algorithms {
            switch algorithm {
            case .aead(let name, let key, let bits):
                guard let found = KernelAlgorithm.encryption(name, icvBits: Int(bits)) else { return nil }
                cipher = choice(found, key)
                encryptionKey = SecretBytes(key)
            case .encryption(let name, let key):
                guard let found = KernelAlgorithm.encryption(name, icvBits: 0) else { return nil }
                cipher = choice(found, key)
                encryptionKey = SecretBytes(key)
            case .authentication(let name, let key, let bits):
                guard let found = KernelAlgorithm.integrity(name, icvBits: Int(bits)) else { return nil }
                integrity = found
                integrityKey = SecretBytes(key)
            }
        }
        guard let cipher else { return nil }
        return (
            ESPSuite(cipher: cipher, integrity: integrity, extendedSequenceNumbers: state.usesESN),
            ESPDirection(spi: ESPSPI(state.spi), encryptionKey: encryptionKey, integrityKey: integrityKey)
        )
    }

    private static func choice(_ algorithm: EncryptionAlgorithm, _ key: [UInt8]) -> CipherChoice {
        CipherChoice(
            algorithm, keyBits: algorithm.takesKeyLength ? max(0, key.count - algorithm.saltLength) * 8 : 0)
    }
}

extension XFRMMark {
    init(_ mark: PacketMark) { self.init(value: mark.value, mask: mark.mask) }
}

extension PacketMark {
    init(_ mark: XFRMMark) { self.init(value: mark.value, mask: mark.mask) }
}
