import IKECrypto
import IKEModel

/// pluto's names of algorithms, as printed (`AES_GCM_16`, `3DES_CBC`, `DH19`) and as typed in `ike=` and `esp=`.
enum AlgorithmNames {
    /// What a configuration has to say to be let use it: pluto's algorithms nothing; pluto has the others no longer, or
    /// never had them.
    enum Standing: Hashable {
        case plutos
        case own
        /// Too weak to be taken without being asked for twice: `weak-algorithms=yes`.
        case weak
    }

    struct Encryption {
        let algorithm: EncryptionAlgorithm
        let printed: String
        let typed: [String]
        var standing = Standing.plutos
        /// Whether an IKE SA may use it too, and whether the key length may be said.
        var inIKE = true
        var takesKeyBits = true
        /// Excluded in FIPS mode.
        var fips = true
    }

    static let encryption: [Encryption] = [
        Encryption(
            algorithm: .aesCCM16, printed: "AES_CCM_16", typed: ["aes_ccm", "aes_ccm_c", "aes_ccm_16"], inIKE: false),
        Encryption(algorithm: .aesCCM12, printed: "AES_CCM_12", typed: ["aes_ccm_b", "aes_ccm_12"], inIKE: false),
        Encryption(algorithm: .aesCCM8, printed: "AES_CCM_8", typed: ["aes_ccm_a", "aes_ccm_8"], inIKE: false),
        Encryption(algorithm: .tripleDES, printed: "3DES_CBC", typed: ["3des", "3des_cbc"], takesKeyBits: false),
        Encryption(
            algorithm: .camelliaCBC, printed: "CAMELLIA_CBC", typed: ["camellia", "camellia_cbc"], fips: false),
        Encryption(algorithm: .aesGCM16, printed: "AES_GCM_16", typed: ["aes_gcm", "aes_gcm_c", "aes_gcm_16"]),
        Encryption(algorithm: .aesGCM12, printed: "AES_GCM_12", typed: ["aes_gcm_b", "aes_gcm_12"]),
        Encryption(algorithm: .aesGCM8, printed: "AES_GCM_8", typed: ["aes_gcm_a", "aes_gcm_8"]),
        Encryption(algorithm: .aesCTR, printed: "AES_CTR", typed: ["aesctr", "aes_ctr"]),
        Encryption(algorithm: .aesCBC, printed: "AES_CBC", typed: ["aes", "aes_cbc"]),
        Encryption(
            algorithm: .nullAuthAESGMAC, printed: "NULL_AUTH_AES_GMAC", typed: ["aes_gmac", "null_auth_aes_gmac"],
            inIKE: false),
        Encryption(
            algorithm: .null, printed: "NULL", typed: ["null"], inIKE: false, takesKeyBits: false, fips: false),
        Encryption(
            algorithm: .chaCha20Poly1305, printed: "CHACHA20_POLY1305",
            typed: ["chacha20_poly1305", "chacha20poly1305"], fips: false),
        Encryption(
            algorithm: .des, printed: "DES_CBC", typed: ["des", "des_cbc"], standing: .weak, takesKeyBits: false,
            fips: false),
    ]

    /// Names that pluto knows and does not offer; any other name it does not know at all.
    static let withheldEncryption: Set<String> = ["blowfish", "des", "mars", "cast", "serpent", "twofish", "idea"]

    struct Integrity {
        let algorithm: IntegrityAlgorithm
        let printed: String
        let typed: [String]
        var fips = true
        var inIKE = true
    }

    static let integrity: [Integrity] = [
        Integrity(
            algorithm: .hmacSHA1_96, printed: "HMAC_SHA1_96",
            typed: ["sha", "sha1", "sha1_96", "hmac_sha1", "hmac_sha1_96"]),
        Integrity(
            algorithm: .hmacSHA2_512_256, printed: "HMAC_SHA2_512_256",
            typed: ["sha512", "sha2_512", "sha2_512_256", "hmac_sha2_512", "hmac_sha2_512_256"]),
        Integrity(
            algorithm: .hmacSHA2_384_192, printed: "HMAC_SHA2_384_192",
            typed: ["sha384", "sha2_384", "sha2_384_192", "hmac_sha2_384", "hmac_sha2_384_192"]),
        Integrity(
            algorithm: .hmacSHA2_256_128, printed: "HMAC_SHA2_256_128",
            typed: ["sha2", "sha256", "sha2_256", "sha2_256_128", "hmac_sha2_256", "hmac_sha2_256_128"]),
        Integrity(
            algorithm: .hmacMD5_96, printed: "HMAC_MD5_96", typed: ["md5", "hmac_md5", "hmac_md5_96"], fips: false),
        Integrity(
            algorithm: .aesXCBC_96, printed: "AES_XCBC_96", typed: ["aes_xcbc", "aes128_xcbc", "aes_xcbc_96"],
            fips: false),
        Integrity(algorithm: .aesCMAC_96, printed: "AES_CMAC_96", typed: ["aes_cmac", "aes_cmac_96"], inIKE: false),
        Integrity(algorithm: .none, printed: "NONE", typed: ["none", "null"]),
    ]

    struct PRF {
        let algorithm: PRFAlgorithm
        let printed: String
        let typed: [String]
        /// The integrity that an IKE SA without an AEAD cipher takes along with it when none is said.
        let integrity: IntegrityAlgorithm
        let outputOctets: Int
        var standing = Standing.plutos
        var fips = true
    }

    static let prf: [PRF] = [
        PRF(
            algorithm: .hmacMD5, printed: "HMAC_MD5", typed: ["md5", "hmac_md5"], integrity: .hmacMD5_96,
            outputOctets: 16, fips: false),
        PRF(
            algorithm: .hmacSHA1, printed: "HMAC_SHA1", typed: ["sha", "sha1", "hmac_sha1"], integrity: .hmacSHA1_96,
            outputOctets: 20),
        PRF(
            algorithm: .hmacSHA2_256, printed: "HMAC_SHA2_256", typed: ["sha2", "sha256", "sha2_256", "hmac_sha2_256"],
            integrity: .hmacSHA2_256_128, outputOctets: 32),
        PRF(
            algorithm: .hmacSHA2_384, printed: "HMAC_SHA2_384", typed: ["sha384", "sha2_384", "hmac_sha2_384"],
            integrity: .hmacSHA2_384_192, outputOctets: 48),
        PRF(
            algorithm: .hmacSHA2_512, printed: "HMAC_SHA2_512", typed: ["sha512", "sha2_512", "hmac_sha2_512"],
            integrity: .hmacSHA2_512_256, outputOctets: 64),
        PRF(
            algorithm: .aesXCBC, printed: "AES_XCBC", typed: ["aes_xcbc", "aes128_xcbc"], integrity: .aesXCBC_96,
            outputOctets: 16, fips: false),
        PRF(
            algorithm: .aesCMAC, printed: "AES_CMAC", typed: ["aes_cmac", "aes128_cmac"], integrity: .aesCMAC_96,
            outputOctets: 16, standing: .own, fips: false),
    ]

    struct KeyExchange {
        let method: KeyExchangeMethod
        let printed: String
        let typed: [String]
        var standing = Standing.plutos
        var fips = true
    }

    static let keyExchange: [KeyExchange] = [
        KeyExchange(method: .none, printed: "NONE", typed: ["none", "null", "dh0"]),
        KeyExchange(method: .modp1536, printed: "MODP1536", typed: ["modp1536", "dh5"], fips: false),
        KeyExchange(method: .modp2048, printed: "MODP2048", typed: ["modp2048", "dh14"]),
        KeyExchange(method: .modp3072, printed: "MODP3072", typed: ["modp3072", "dh15"]),
        KeyExchange(method: .modp4096, printed: "MODP4096", typed: ["modp4096", "dh16"]),
        KeyExchange(method: .modp6144, printed: "MODP6144", typed: ["modp6144", "dh17"]),
        KeyExchange(method: .modp8192, printed: "MODP8192", typed: ["modp8192", "dh18"]),
        KeyExchange(method: .ecp256, printed: "DH19", typed: ["dh19", "ecp_256", "ecp256"]),
        KeyExchange(method: .ecp384, printed: "DH20", typed: ["dh20", "ecp_384", "ecp384"]),
        KeyExchange(method: .ecp521, printed: "DH21", typed: ["dh21", "ecp_521", "ecp521"]),
        KeyExchange(method: .curve25519, printed: "DH31", typed: ["dh31", "curve25519"], fips: false),
        KeyExchange(
            method: .ecp224, printed: "DH26", typed: ["dh26", "ecp_224", "ecp224"], standing: .own, fips: false),
        brainpool(.brainpoolP224, "DH27", "224"), brainpool(.brainpoolP256, "DH28", "256"),
        brainpool(.brainpoolP384, "DH29", "384"), brainpool(.brainpoolP512, "DH30", "512"),
        KeyExchange(method: .curve448, printed: "DH32", typed: ["dh32", "curve448"], standing: .own, fips: false),
        weak(.modp768, "MODP768", ["modp768", "dh1"]), weak(.modp1024, "MODP1024", ["modp1024", "dh2"]),
        weak(.modp1024s160, "DH22", ["dh22"]), weak(.modp2048s224, "DH23", ["dh23"]),
        weak(.modp2048s256, "DH24", ["dh24"]), weak(.ecp192, "DH25", ["dh25", "ecp_192", "ecp192"]),
    ]

    private static func brainpool(_ method: KeyExchangeMethod, _ printed: String, _ bits: String) -> KeyExchange {
        KeyExchange(
            method: method, printed: printed, typed: [printed.lowercased(), "brainpool\(bits)", "bp\(bits)"],
            standing: .own, fips: false)
    }

    private static func weak(_ method: KeyExchangeMethod, _ printed: String, _ typed: [String]) -> KeyExchange {
        KeyExchange(method: method, printed: printed, typed: typed, standing: .weak, fips: false)
    }

    static let withheldKeyExchange: Set<String> = ["modp1024", "dh2", "dh22", "dh23", "dh24"]

    // MARK: As printed

    /// `AES_GCM_16_256`; `AES_GCM_16` where no key length is said; `3DES_CBC`, which has one only.
    /// `RSASSA-PSS with SHA2_512`, `RSA with SHA1`, `ECDSA with SHA2_256`, `Ed25519`.
    static func name(_ scheme: SignatureScheme) -> String {
        switch scheme {
        case .rsaPSS(let digest): "RSASSA-PSS with \(name(digest))"
        case .rsaPKCS1(let digest): "RSA with \(name(digest))"
        case .ecdsa(let digest): "ECDSA with \(name(digest))"
        case .ed25519: "Ed25519"
        case .ed448: "Ed448"
        }
    }

    private static func name(_ digest: Digest) -> String {
        switch digest {
        case .md5: "MD5"
        case .sha1: "SHA1"
        case .sha256: "SHA2_256"
        case .sha384: "SHA2_384"
        case .sha512: "SHA2_512"
        }
    }

    static func name(_ cipher: CipherChoice) -> String {
        let entry = encryption.first { $0.algorithm == cipher.algorithm }
        let name = entry?.printed ?? cipher.algorithm.name
        let single = cipher.algorithm == .chaCha20Poly1305 || !(entry?.takesKeyBits ?? true)
        return cipher.keyBits == 0 || single ? name : "\(name)_\(cipher.keyBits)"
    }

    static func name(_ algorithm: IntegrityAlgorithm) -> String {
        integrity.first { $0.algorithm == algorithm }?.printed ?? algorithm.name
    }

    static func name(_ algorithm: PRFAlgorithm) -> String {
        prf.first { $0.algorithm == algorithm }?.printed ?? algorithm.name
    }

    static func name(_ method: KeyExchangeMethod) -> String {
        keyExchange.first { $0.method == method }?.printed ?? "DH\(method.rawValue)"
    }

    /// `cipher=AES_GCM_16_256 integ=n/a prf=HMAC_SHA2_512 group=DH19`.
    static func description(_ suite: IKESuite) -> String {
        let integrity = suite.integrity == .none ? "n/a" : name(suite.integrity)
        // With its key length here, and here alone.
        let cipher = suite.cipher.algorithm == .tripleDES ? "3DES_CBC_192" : name(suite.cipher)
        return "cipher=\(cipher) integ=\(integrity) prf=\(name(suite.prf)) group=\(name(suite.keyExchange))"
    }

    /// `AES_GCM_16_256-HMAC_SHA2_512-DH19`.
    static func newest(_ suite: IKESuite) -> String {
        "\(name(suite.cipher))-\(name(suite.prf))-\(name(suite.keyExchange))"
    }

    /// `AES_GCM_16_256-NONE`, `AES_CBC_128-HMAC_SHA1_96-DH19`.
    static func description(_ suite: ESPSuite) -> String {
        let base = "\(name(suite.cipher))-\(name(suite.integrity))"
        guard let method = suite.keyExchange, method != .none else { return base }
        return "\(base)-\(name(method))"
    }
}
