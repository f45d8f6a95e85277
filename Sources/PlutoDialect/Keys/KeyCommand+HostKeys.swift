import IKECrypto

/// `newhostkey`, `showhostkey`: keys without certificates.
extension KeyCommand {
    /// Of a new RSA key: as strong as AES-128 (NIST SP 800-57 part 1, table 2).
    private static let rsaBits = 3072

    mutating func newHostKey() throws(Failure) -> String {
        let options = try options(
            flags: ["quiet", "verbose"],
            values: [
                "keytype", "bits", "curve-name", "nssdir", "password", "hostname", "output", "seeddev", "seedbits",
            ],
            synonyms: KeyCommand.folderSynonyms)
        if options[""] != nil, options["bits"] == nil, Int(options[""] ?? "") == nil {
            throw Failure(message: "unexpected argument '\(options[""] ?? "")'")
        }
        let type = options["keytype"]?.lowercased() ?? "rsa"
        let key: PrivateKey
        do throws(CryptoError) {
            switch type {
            case "rsa":
                let text = options["bits"] ?? options[""]
                guard let bits = text.map({ Int($0) }) ?? KeyCommand.rsaBits, (2048...8192).contains(bits) else {
                    throw .unsupported("an RSA key of \(text ?? "") bits")
                }
                key = try .generateRSA(bits: bits)
            case "ecdsa":
                let curves = ["secp256r1": 256, "secp384r1": 384, "secp521r1": 521, "prime256v1": 256]
                guard let bits = curves[options["curve-name"] ?? "secp256r1"] else {
                    throw .unsupported("curve \(options["curve-name"] ?? "")")
                }
                key = try .generateECDSA(bits: bits)
            case "eddsa", "ed25519": key = try .generateEd25519()
            default: throw .unsupported("key type '\(type)'")
            }
        } catch {
            throw Failure(message: "\(error)")
        }
        try store(key)
        if options["quiet"] != nil { return "" }
        let keyID = StoredFile.hexadecimal(key.publicKey.keyID)
        return "Generated \(type.uppercased()) key pair with CKAID \(keyID) was stored in the NSS database\n"
            + "The public key can be displayed using: ipsec showhostkey --left --ckaid \(keyID)\n"
    }

    mutating func showHostKey() throws(Failure) -> String {
        let options = try options(
            flags: ["list", "left", "right", "dump", "pem", "verbose", "version"],
            values: ["ckaid", "rsaid", "nssdir", "password"], synonyms: KeyCommand.folderSynonyms)
        let keys = contents().privateKeys.map(\.publicKey).sorted { $0.keyID.lexicographicallyPrecedes($1.keyID) }
        if options["list"] != nil || options["dump"] != nil {
            return keys.enumerated().map { index, key in
                "<\(index < 9 ? " " : "")\(index + 1)> \(PublicKeyText.kind(key).uppercased()) "
                    + "keyid: \(PublicKeyText.keyID(key)) ckaid: \(StoredFile.hexadecimal(key.keyID))\n"
            }.joined()
        }
        let chosen = keys.filter { key in
            (options["ckaid"].map { StoredFile.hexadecimal(key.keyID) == $0.lowercased() } ?? true)
                && (options["rsaid"].map { PublicKeyText.keyID(key) == $0 } ?? true)
        }
        guard let key = chosen.first else { throw Failure(message: "no matching key in the NSS database", status: 20) }
        guard chosen.count == 1 else {
            throw Failure(message: "\(chosen.count) keys: say which by --ckaid; --list shows them", status: 5)
        }
        if options["pem"] != nil { return PEM.text("PUBLIC KEY", key.subjectPublicKeyInfo) }
        guard options["left"] != nil || options["right"] != nil else {
            throw Failure(message: "expecting one of --left, --right, --pem, --list")
        }
        let side = options["left"] != nil ? "left" : "right"
        return "\t# \(PublicKeyText.kind(key))key \(PublicKeyText.keyID(key))\n"
            + "\t\(side)\(PublicKeyText.settingName(key))=\(PublicKeyText.text(key))\n"
    }
}
