import IKECrypto
import IKEWire
import LinuxSystem

/// The keys that a host's swand exported, as its `ikev2_decryption_table` says them: what opens Encrypted payloads.
package struct ExportedKeys: Sendable {
    /// One IKE SA's keys, each way.
    struct Pair: Sendable {
        let initiator: PacketProtection
        let responder: PacketProtection
    }

    /// Which IKE SA, whoever asks.
    struct SPIs: Hashable, Sendable {
        let initiator: IKESPI
        let responder: IKESPI
    }

    /// More than one pair where an IKE SA changed its keys on the way (RFC 9242).
    private(set) var pairs: [SPIs: [Pair]] = [:]

    /// Rows that make no keys: each one is a fault of whoever wrote the table.
    package private(set) var faults: [String] = []

    package init() {}

    /// Adds the rows of a table; those that are comments for Wireshark's sake, too.
    package mutating func add(ikeTable text: String) {
        var numbers: (encryption: UInt16, keyBits: Int, integrity: UInt16)?
        for line in text.split(separator: "\n") {
            var line = line
            if line.hasPrefix("# ENCR ") {
                let words = line.split(separator: " ")
                if words.count == 6, let encryption = UInt16(words[2]), let bits = Int(words[3]),
                    let integrity = UInt16(words[5])
                {
                    numbers = (encryption, bits, integrity)
                }
                continue
            }
            if line.hasPrefix("# ") { line = line.dropFirst(2) }
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            guard fields.count == 8, let numbers, let spiI = number(fields[0]), let spiR = number(fields[1]) else {
                faults.append("no row of an IKE SA: \(fields.count) fields")
                continue
            }
            func protection(_ encryptionKey: Substring, _ integrityKey: Substring) throws -> PacketProtection {
                try PacketProtection(
                    encryption: EncryptionAlgorithm(rawValue: numbers.encryption), keyBits: numbers.keyBits,
                    integrity: IntegrityAlgorithm(rawValue: numbers.integrity),
                    encryptionKey: SecretBytes(octets(encryptionKey)), integrityKey: SecretBytes(octets(integrityKey)))
            }
            do {
                let pair = Pair(
                    initiator: try protection(fields[2], fields[5]), responder: try protection(fields[3], fields[6]))
                pairs[SPIs(initiator: IKESPI(spiI), responder: IKESPI(spiR)), default: []].append(pair)
            } catch { faults.append("keys of no use for \(fields[0]): \(error)") }
        }
    }

    /// The plaintext of a message's Encrypted payload, without its padding; nil where no key of its IKE SA opens it.
    func open(_ message: Message) -> [UInt8]? {
        guard let protected = message.protected else { return nil }
        let spis = SPIs(initiator: message.header.initiatorSPI, responder: message.header.responderSPI)
        for pair in pairs[spis] ?? [] {
            let protection = message.header.isInitiator ? pair.initiator : pair.responder
            guard let padded = try? protection.open(header: protected.prefix, body: protected.body),
                let pad = padded.last, Int(pad) < padded.count
            else { continue }
            return Array(padded.dropLast(Int(pad) + 1))
        }
        return nil
    }

    func has(_ message: Message) -> Bool {
        pairs[SPIs(initiator: message.header.initiatorSPI, responder: message.header.responderSPI)] != nil
    }

    /// Adds all that another table has.
    package mutating func merge(_ other: ExportedKeys) {
        pairs.merge(other.pairs) { $0 + $1 }
        faults += other.faults
    }

    private func number(_ hexadecimal: Substring) -> UInt64? { UInt64(hexadecimal, radix: 16) }

    private func octets(_ hexadecimal: Substring) -> [UInt8] {
        let digits = Array(hexadecimal.utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
        }
    }
}
