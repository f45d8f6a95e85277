import IKECrypto
import IKEModel
import IKEWire

/// Proposals as pluto's log has them.
enum ProposalText {
    /// `1:ESP:ENCR=AES_GCM_16_128;DH=NONE;ESN=YES;ESN=NO`.
    static func offered(_ proposal: Proposal) -> String {
        let transforms = proposal.transforms.map { transform in
            // RFC 7296's own name for the type that RFC 9370 calls KE.
            let type = transform.type == .keyExchange ? "DH" : "\(transform.type)"
            return "\(type)=\(name(transform))"
        }.joined(separator: ";")
        return "\(proposal.number):\(proposal.protocolID):\(transforms)"
    }

    /// All that were offered; behind the one that was taken stands so.
    static func offered(_ proposals: [Proposal], matching number: UInt8) -> String {
        proposals.map { offered($0) + ($0.number == number ? "[first-match]" : "") }.joined(separator: " ")
    }

    /// `1:ESP=AES_GCM_16_128-NONE-ESN:YES SPI=01234567`.
    static func chosen(_ proposal: Proposal) -> String {
        let transforms = proposal.transforms.map { transform in
            transform.type == .extendedSequenceNumbers ? "ESN:\(name(transform))" : name(transform)
        }.joined(separator: "-")
        let spi = proposal.spi.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return "\(proposal.number):\(proposal.protocolID)=\(transforms)" + (spi.isEmpty ? "" : " SPI=\(spi)")
    }

    private static func name(_ transform: Transform) -> String {
        switch transform.type {
        case .encryption:
            AlgorithmNames.name(
                CipherChoice(EncryptionAlgorithm(rawValue: transform.id), keyBits: Int(transform.keyLength ?? 0)))
        case .prf: AlgorithmNames.name(PRFAlgorithm(rawValue: transform.id))
        case .integrity: AlgorithmNames.name(IntegrityAlgorithm(rawValue: transform.id))
        case .keyExchange: AlgorithmNames.name(KeyExchangeMethod(rawValue: transform.id))
        case .extendedSequenceNumbers: transform.id == 1 ? "YES" : transform.id == 0 ? "NO" : "\(transform.id)"
        default: transform.name
        }
    }
}
