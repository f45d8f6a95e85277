/// The folder of keys and certificates, of which this dialect knows the mode and whether a password guards it.
///
/// FIPS mode is a property of the key store, as it is in NSS; the daemon obeys it: it restricts algorithms and key sizes
/// to those that pluto allows then. It says nothing of OpenSSL's own FIPS provider.
struct KeyStore {
    /// Where NSS keeps the modules of a database, and their flags.
    static let modules = "pkcs11.txt"
    private static let fipsFlag = "flags=FIPS"

    var folder = "/var/lib/ipsec/nss"
    var passwordFile = "/etc/ipsec.d/nsspassword"

    var moduleFile: String { "\(folder)/\(KeyStore.modules)" }
    var databases: [String] { ["\(folder)/cert9.db", "\(folder)/key4.db", moduleFile] }

    func isFIPS(_ readFile: (String) -> [UInt8]?) -> Bool {
        guard let octets = readFile(moduleFile) else { return false }
        return String(decoding: octets, as: UTF8.self).split(separator: "\n").contains { $0 == KeyStore.fipsFlag }
    }

    static func moduleText(fips: Bool) -> [UInt8] { fips ? Array((fipsFlag + "\n").utf8) : [] }
}
