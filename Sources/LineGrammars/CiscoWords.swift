/// What the payload dumps of an ASA and of IOS call algorithms and notifications: printed by the cisco dialects, read back by
/// whoever reads a log.
package enum CiscoWords {
    /// Encryption, by transform ID.
    package static let ciphers: [UInt16: String] = [2: "DES", 3: "3DES", 11: "NULL", 12: "AES-CBC", 20: "AES-GCM"]
    /// Pseudorandom functions, by transform ID.
    package static let prfs: [UInt16: String] = [1: "MD5", 2: "SHA1", 5: "SHA256", 6: "SHA384", 7: "SHA512"]
    /// Integrity, by transform ID.
    package static let hashes: [UInt16: String] = [
        0: "None", 1: "MD596", 2: "SHA96", 12: "SHA256", 13: "SHA384", 14: "SHA512",
    ]
    /// Key exchange groups, by transform ID.
    package static let groups: [UInt16: String] = [
        1: "DH_GROUP_768_MODP/Group 1", 2: "DH_GROUP_1024_MODP/Group 2", 5: "DH_GROUP_1536_MODP/Group 5",
        14: "DH_GROUP_2048_MODP/Group 14", 19: "DH_GROUP_256_ECP/Group 19", 20: "DH_GROUP_384_ECP/Group 20",
        21: "DH_GROUP_521_ECP/Group 21", 24: "DH_GROUP_2048_256_MODP/Group 24",
    ]

    /// Notifications whose names are not the registered ones (RFC 7296 §3.10.1).
    package static let notifies: [UInt16: String] = [16394: "ESP_TFC_NO_SUPPORT", 16395: "NON_FIRST_FRAGS"]
}
