import Glibc
import IKECrypto
package import IKEModel
import IKEWire
package import LinuxSystem
import NetAddress

/// The keys of all that a daemon negotiates, written for a decoder of captures: `ikev2_decryption_table` and `esp_sa` in
/// Wireshark's formats, mode 0600, in a folder that is the daemon's own.
///
/// Above each row stands a comment with IANA's numbers, `# ENCR 20 256 INTEG 0`, and a row with an algorithm that
/// Wireshark has no name for is a comment itself: an unknown name would make Wireshark refuse the whole table.
package final class KeyTables {
    package static let ikeName = "ikev2_decryption_table"
    package static let espName = "esp_sa"

    private let folder: String
    private var installations: [ChildSAID: ChildInstallation] = [:]

    /// - Throws: where the folder cannot be made.
    package init(folder: String) throws(SystemError) {
        self.folder = folder
        try FileSystem.makeDirectories(folder, mode: 0o700)
    }

    /// `SPIi,SPIr,SK_ei,SK_er,"ENCR",SK_ai,SK_ar,"INTEG"`, the hexadecimal bare.
    package func add(_ keys: ExportedIKEKeys) throws(SystemError) {
        let (encryption, integrity) = (keys.cipher.algorithm, keys.integrity)
        let bits = keys.cipher.bits
        let names = (
            WiresharkName.ike(encryption, keyBits: bits) ?? "unknown",
            WiresharkName.ike(integrity) ?? "unknown"
        )
        let row = [
            hexadecimal(keys.initiatorSPI.octets), hexadecimal(keys.responderSPI.octets), hexadecimal(keys.skEi),
            hexadecimal(keys.skEr), "\"\(names.0)\"", hexadecimal(keys.skAi), hexadecimal(keys.skAr),
            "\"\(names.1)\"",
        ].joined(separator: ",")
        try append(Self.ikeName, encryption, bits, integrity, row, isKnown: !row.contains("\"unknown\""))
    }

    /// Both directions of a Child SA that is installed, and again with its new addresses where it has moved.
    package func add(_ change: KernelChange) throws(SystemError) {
        switch change {
        case .install(let installation):
            installations[installation.child] = installation
            try add(installation)
        case .move(let move):
            guard var installation = installations[move.child] else { return }
            installation.follow(move)
            installations[move.child] = installation
            try add(installation)
        case .remove(let child): installations[child] = nil
        case .route, .unroute, .keepAlive: break
        }
    }

    private func add(_ installation: ChildInstallation) throws(SystemError) {
        let (local, remote) = (installation.local, installation.remote)
        try add(installation.outbound, installation.suite, from: local, to: remote)
        try add(installation.inbound, installation.suite, from: remote, to: local)
    }

    /// `"IPv4","src","dst","0xSPI","ENCR","0xKEY","INTEG","0xKEY"`, an AEAD's salt behind its key.
    private func add(
        _ direction: ESPDirection, _ suite: ESPSuite, from source: IPAddress, to destination: IPAddress
    ) throws(SystemError) {
        func key(_ secret: SecretBytes) -> String { secret.isEmpty ? "" : "0x" + hexadecimal(secret) }
        let spi = String(direction.spi.value, radix: 16)
        let row = [
            source.family == .v4 ? "IPv4" : "IPv6", "\(source)", "\(destination)",
            "0x" + String(repeating: "0", count: 8 - spi.count) + spi,
            WiresharkName.esp(suite.cipher.algorithm) ?? "unknown", key(direction.encryptionKey),
            WiresharkName.esp(suite.integrity) ?? "unknown", key(direction.integrityKey),
        ].map { "\"\($0)\"" }.joined(separator: ",")
        try append(
            Self.espName, suite.cipher.algorithm, suite.cipher.bits, suite.integrity, row,
            isKnown: !row.contains("\"unknown\""))
    }

    private func append(
        _ name: String, _ encryption: EncryptionAlgorithm, _ bits: Int, _ integrity: IntegrityAlgorithm, _ row: String,
        isKnown: Bool
    ) throws(SystemError) {
        let file = try FileDescriptor.open("\(folder)/\(name)", O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
        defer { file.close() }
        // In one write, so that whoever reads meanwhile reads whole rows.
        try file.write(
            "# ENCR \(encryption.rawValue) \(bits) INTEG \(integrity.rawValue)\n\(isKnown ? "" : "# ")\(row)\n")
    }

    private func hexadecimal(_ secret: SecretBytes) -> String { hexadecimal(secret.exposed) }

    private func hexadecimal(_ octets: [UInt8]) -> String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension CipherChoice {
    /// The key's length where the algorithm leaves no choice, too.
    fileprivate var bits: Int { keyBits > 0 ? keyBits : algorithm.allowedKeyBits.first ?? 0 }
}
