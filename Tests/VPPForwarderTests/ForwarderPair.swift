import IKECrypto
import IKEModel
import NetAddress

@testable import VPPForwarder

/// The algorithms of VPP's page, and how they are used.
struct ESPCase: CustomStringConvertible, Sendable {
    var cipher: String
    var encryption: EncryptionAlgorithm
    var bits: Int
    var integrity: IntegrityAlgorithm
    var isTunnel = false
    var isV6 = false

    var description: String { "\(cipher) \(integrity.name) \(isTunnel ? "tunnel" : "transport") \(isV6 ? "v6" : "v4")" }

    static let all: [ESPCase] = {
        var cases: [ESPCase] = []
        for (isTunnel, isV6) in [(false, false), (true, false), (false, true), (true, true)] {
            func add(_ name: String, _ encryption: EncryptionAlgorithm, _ bits: Int, _ integrity: IntegrityAlgorithm) {
                cases.append(
                    ESPCase(
                        cipher: name, encryption: encryption, bits: bits, integrity: integrity, isTunnel: isTunnel,
                        isV6: isV6))
            }
            for bits in [128, 192, 256] {
                add("aes-cbc-\(bits)", .aesCBC, bits, .hmacSHA1_96)
                add("aes-ctr-\(bits)", .aesCTR, bits, .hmacSHA2_256_128)
                add("aes-gcm-\(bits)", .aesGCM16, bits, .none)
            }
            add("3des-cbc", .tripleDES, 0, .hmacSHA2_256_96)
            add("des-cbc", .des, 0, .hmacSHA2_384_192)
            add("aes-cbc-128", .aesCBC, 128, .hmacSHA2_512_256)
        }
        return cases
    }()
}

/// Two forwarders, `left` 192.0.2.1 and 2001:db8::1, `right` 192.0.2.2 and 2001:db8::2, joined by a wire.
final class ForwarderPair {
    let left = Forwarder()
    let right = Forwarder()
    let leftLink: ForwarderInterface
    let rightLink: ForwarderInterface
    let (left4, right4) = (IPAddress("192.0.2.1")!, IPAddress("192.0.2.2")!)
    let (left6, right6) = (IPAddress("2001:db8::1")!, IPAddress("2001:db8::2")!)
    /// All that went over the wire.
    private(set) var frames: [[UInt8]] = []

    init() {
        for (forwarder, last) in [(left, UInt8(1)), (right, 2)] {
            forwarder.takeOver = { _, _ in .success(MACAddress(octets: [2, 0, 0, 0, 0, last])!) }
        }
        leftLink = try! left.createHostInterface("left")
        rightLink = try! right.createHostInterface("right")
        for (forwarder, link, v4, v6) in [(left, leftLink, left4, left6), (right, rightLink, right4, right6)] {
            forwarder.setState(link, isUp: true)
            try! forwarder.addAddress(IPPrefix(v4, length: 24)!, to: link)
            try! forwarder.addAddress(IPPrefix(v6, length: 64)!, to: link)
        }
        left.transmit = { [unowned self] _, frame in
            frames.append(frame)
            right.receive(frame, on: rightLink.index, at: left.now)
        }
        right.transmit = { [unowned self] _, frame in
            frames.append(frame)
            left.receive(frame, on: leftLink.index, at: right.now)
        }
    }

    /// Whether an IP packet of a protocol went over the wire; Neighbour Discovery is not counted.
    func sawProtocol(_ number: UInt8) -> Bool {
        frames.contains { frame in
            guard let fields = PacketFields(Array(frame[14...])), fields.ipProtocol == number else { return false }
            return number != 58 || !(135...136).contains(frame[14 + 40])
        }
    }

    /// SAs 10 (left to right) and 20, and the policies for everything between the two, either way.
    func protect(_ one: ESPCase) throws {
        let (ours, theirs) = one.isV6 ? (left6, right6) : (left4, right4)
        func settings(_ id: UInt32, _ spi: UInt32, _ from: IPAddress, _ to: IPAddress) -> ForwarderSA.Settings {
            let octets = one.bits / 8 == 0 ? one.encryption.allowedKeyBits[0] / 8 : one.bits / 8
            return ForwarderSA.Settings(
                id: id, spi: spi, encryption: one.encryption, keyBits: one.bits, integrity: one.integrity,
                encryptionKey: SecretBytes((0..<octets).map { UInt8($0 * 7 + 1) }),
                integrityKey: SecretBytes([UInt8](repeating: UInt8(id), count: one.integrity.keyLength)),
                tunnel: one.isTunnel ? .init(source: from, destination: to) : nil)
        }
        for (forwarder, link, isLeft) in [(left, leftLink, true), (right, rightLink, false)] {
            // At the left 10 is sent by; at the right, the same keys are 20's.
            try forwarder.addAssociation(
                ForwarderSA(
                    isLeft ? settings(10, 1001, ours, theirs) : Self.renumbered(settings(20, 1000, theirs, ours), 10)))
            try forwarder.addAssociation(
                ForwarderSA(
                    isLeft ? settings(20, 1000, theirs, ours) : Self.renumbered(settings(10, 1001, ours, theirs), 20)))
            try forwarder.addDatabase(1)
            let (local, remote) = isLeft ? (ours, theirs) : (theirs, ours)
            for (isOutbound, id) in [(true, UInt32(10)), (false, 20)] {
                try forwarder.addPolicy(
                    SecurityPolicy(
                        isOutbound: isOutbound, priority: 10, action: .protect(id), local: IPRange(local, local)!,
                        remote: IPRange(remote, remote)!), to: 1)
            }
            let all = IPRange(.unspecified(ours.family), .greatest(ours.family))!
            try forwarder.addPolicy(
                SecurityPolicy(
                    isOutbound: true, priority: 100, action: .bypass, local: all, remote: all, ipProtocol: 50), to: 1)
            try forwarder.setPolicies(link, 1)
        }
    }

    private static func renumbered(_ settings: ForwarderSA.Settings, _ id: UInt32) -> ForwarderSA.Settings {
        var settings = settings
        settings.id = id
        return settings
    }

    /// One Child SA between the two; of one port at the right where that is named.
    func installChild(port: UInt16? = nil) throws {
        let suite = ESPSuite(
            cipher: CipherChoice(.aesCBC, keyBits: 192), integrity: .hmacSHA1_96, extendedSequenceNumbers: true)
        func direction(_ spi: UInt32) -> ESPDirection {
            ESPDirection(
                spi: ESPSPI(spi), encryptionKey: SecretBytes([UInt8](repeating: UInt8(spi & 255), count: 24)),
                integrityKey: SecretBytes([UInt8](repeating: 3, count: 20)))
        }
        for (forwarder, local, remote, inbound, outbound) in [
            (left, left4, right4, UInt32(0x1001), UInt32(0x1002)), (right, right4, left4, 0x1002, 0x1001),
        ] {
            try forwarder.install(
                ChildInstallation(
                    child: ChildSAID(1), connection: ConnectionID(1), reqid: 1, mode: .tunnel, local: local,
                    remote: remote, encapsulation: .none, suite: suite, inbound: direction(inbound),
                    outbound: direction(outbound), localSelectors: [],
                    remoteSelectors: port.map {
                        [TrafficSelector(IPPrefix("192.168.2.0/24")!, ipProtocol: 17, port: $0)]
                    } ?? [], replayWindow: 64))
        }
    }
}
