import IKECrypto
import IKEModel
import NetAddress

/// An ESP SA by hand, one direction.
struct ManualSA {
    /// What an SA is known by (RFC 4301 §4.1; the source is setkey's own).
    struct Name: Hashable {
        var source: IPAddress
        var destination: IPAddress
        var spi: ESPSPI
    }

    var name: Name
    var mode: ESPMode
    var suite: ESPSuite
    /// With a salt behind it, where the cipher has one.
    var encryptionKey: SecretBytes
    /// Empty without integrity.
    var integrityKey: SecretBytes
    /// Packets; 0: no check.
    var replayWindow: Int
    /// As the statement named them, for listings.
    var encryptionName: String
    var integrityName: String?
}

/// A policy by hand, one direction: `esp/transport//require` or `esp/tunnel/A-B/require`.
struct ManualPolicy {
    /// What a policy is known by.
    struct Name: Hashable {
        var source: TrafficSelector
        var destination: TrafficSelector
        var isOutbound: Bool
    }

    var name: Name
    var mode: ESPMode
    /// The outer addresses, in the direction of the packets; nil in transport mode.
    var tunnel: (source: IPAddress, destination: IPAddress)?
}

/// One statement of setkey's language.
enum SetkeyStatement {
    case flush, dump
    case policyFlush, policyDump
    case add(ManualSA)
    case delete(ManualSA.Name)
    case policyAdd(ManualPolicy)
    case policyDelete(ManualPolicy.Name)
}

/// Why a statement is none: the line, counted from 1, and the word that does not fit; empty at the text's end.
struct SetkeySyntaxError: Error, Hashable {
    var line: Int
    var word: String
    var what = "syntax error"
}
