// swift-format-ignore-file: AlwaysUseLowerCamelCase
// A release is named as its maker names it.

/// A release of strongSwan whose form of lines is spoken.
package enum CharonVersion: String, CaseIterable, Sendable {
    case v4_2_9 = "4.2.9"
    case v5_1_2 = "5.1.2"
    case v5_9_8 = "5.9.8"

    /// What the daemon calls itself and this one has no counterpart of: the only table of such words.
    var plugins: String {
        switch self {
        case .v4_2_9: "curl aes des sha1 sha2 md5 gmp random x509 pubkey hmac xcbc stroke kernel-netlink"
        case .v5_1_2:
            "charon test-vectors aes rc2 sha1 sha2 md4 md5 random nonce x509 revocation constraints pkcs1 pkcs7 pkcs8 "
                + "pkcs12 pem openssl xcbc cmac hmac ctr ccm gcm attr kernel-netlink resolve socket-default stroke updown "
                + "eap-identity addrblock"
        case .v5_9_8:
            "charon random nonce aes sha1 sha2 hmac kdf gcm openssl pem pkcs1 curve25519 gmp x509 revocation constraints "
                + "pubkey socket-default kernel-netlink updown stroke counters vici"
        }
    }

    /// Whose it is.
    package static let institution = "University of Applied Sciences Rapperswil, Switzerland"

    /// Threads that share the work of a charon; this daemon has one, and numbers its jobs by turns.
    static let workerThreads = 16

    /// Whether a line says what a message's size is.
    var saysSizes: Bool { self != .v4_2_9 }
    /// Whether an algorithm's key length stands behind a hyphen, and a group's bits are named.
    var hasOldAlgorithmNames: Bool { self == .v4_2_9 }
    /// Whether the proposals that were agreed on are told at level 1.
    var tellsProposals: Bool { self == .v5_9_8 }
    /// Whether `parsed …` and the like count a listing's bytes with packets.
    var countsPackets: Bool { self != .v4_2_9 }
}
