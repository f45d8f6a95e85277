import IKEModel

/// What pluto of May 2025 says of itself and this daemon has no counterpart of: its library's algorithms and internal
/// counters. Rows of `ipsec status`; nothing that was configured or negotiated stands here.
enum PlutoPersona {
    static let kernelAlgorithms =
        [
            "encrypt: name=3DES_CBC, keysizemin=192, keysizemax=192",
            "encrypt: name=AES_CBC, keysizemin=128, keysizemax=256",
            "encrypt: name=AES_CCM_12, keysizemin=128, keysizemax=256",
            "encrypt: name=AES_CCM_16, keysizemin=128, keysizemax=256",
            "encrypt: name=AES_CCM_8, keysizemin=128, keysizemax=256",
            "encrypt: name=AES_CTR, keysizemin=128, keysizemax=256",
            "encrypt: name=AES_GCM_12, keysizemin=128, keysizemax=256",
            "encrypt: name=AES_GCM_16, keysizemin=128, keysizemax=256",
            "encrypt: name=AES_GCM_8, keysizemin=128, keysizemax=256",
            "encrypt: name=CAMELLIA_CBC, keysizemin=128, keysizemax=256",
            "encrypt: name=CHACHA20_POLY1305, keysizemin=256, keysizemax=256",
            "encrypt: name=NULL, keysizemin=0, keysizemax=0",
            "encrypt: name=NULL_AUTH_AES_GMAC, keysizemin=128, keysizemax=256",
        ].map { "algorithm ESP \($0)" }
        + [
            "name=AES_CMAC_96, key-length=128", "name=AES_XCBC_96, key-length=128", "name=HMAC_MD5_96, key-length=128",
            "name=HMAC_SHA1_96, key-length=160", "name=HMAC_SHA2_256_128, key-length=256",
            "name=HMAC_SHA2_256_TRUNCBUG, key-length=256", "name=HMAC_SHA2_384_192, key-length=384",
            "name=HMAC_SHA2_512_256, key-length=512", "name=NONE, key-length=0",
        ].map { "algorithm AH/ESP auth: \($0)" }

    static let ikeAlgorithms =
        [
            "v1id=5, v1name=OAKLEY_3DES_CBC, v2id=3, v2name=3DES, blocksize=8, keydeflen=192",
            "v1id=8, v1name=OAKLEY_CAMELLIA_CBC, v2id=23, v2name=CAMELLIA_CBC, blocksize=16, keydeflen=128",
            "v1id=-1, v1name=n/a, v2id=20, v2name=AES_GCM_16, blocksize=16, keydeflen=128",
            "v1id=-1, v1name=n/a, v2id=19, v2name=AES_GCM_12, blocksize=16, keydeflen=128",
            "v1id=-1, v1name=n/a, v2id=18, v2name=AES_GCM_8, blocksize=16, keydeflen=128",
            "v1id=13, v1name=OAKLEY_AES_CTR, v2id=13, v2name=AES_CTR, blocksize=16, keydeflen=128",
            "v1id=7, v1name=OAKLEY_AES_CBC, v2id=12, v2name=AES_CBC, blocksize=16, keydeflen=128",
            "v1id=-1, v1name=n/a, v2id=28, v2name=CHACHA20_POLY1305, blocksize=16, keydeflen=256",
        ].map { "algorithm IKE encrypt: \($0)" }
        + AlgorithmNames.prf.filter { $0.standing == .plutos }.map {
            "algorithm IKE PRF: name=\($0.printed), hashlen=\($0.outputOctets)"
        }
        + [
            ("MODP1536", 1536), ("MODP2048", 2048), ("MODP3072", 3072), ("MODP4096", 4096), ("MODP6144", 6144),
            ("MODP8192", 8192), ("DH19", 512), ("DH20", 768), ("DH21", 1056), ("DH31", 256),
        ].map { "algorithm IKE DH Key Exchange: name=\($0.0), bits=\($0.1)" }

    /// How pluto's library reports that an AEAD's authentication failed.
    static func decryptionFailure(of suite: IKESuite) -> String {
        "NSS: AEAD encryption using \(AlgorithmNames.name(suite.cipher)) and PK11_AEADOp() failed: SEC_ERROR_BAD_DATA: "
            + "security library: received bad data."
    }

    static let databaseCounters =
        "stats db_ops: {curr_cnt, total_cnt, maxsz} :context={0,0,0} trans={0,0,0} attrs={0,0,0} "
}
