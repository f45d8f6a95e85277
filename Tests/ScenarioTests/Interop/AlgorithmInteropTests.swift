import Testing

/// Every other algorithm that swand and Debian's strongSwan both have: each in an IKE SA and a Child SA, in both roles.
@Suite(
    .serialized,
    .enabled(if: RunnerProgram.hasDaemon, "swand is not built beside the tests"),
    .enabled(
        if: CharonScenario.isPossible,
        "needs root, /dev/net/tun and Debian's strongswan-starter, libcharon-extra-plugins, libstrongswan-standard-plugins"
    ))
struct AlgorithmInteropTests {
    static let suites = [
        suite(
            "des-md5;dh1", "3des-md5", "des-md5-modp768", "3des-md5", "DES_CBC/HMAC_MD5_96/PRF_HMAC_MD5/MODP_768",
            "3DES_CBC/HMAC_MD5_96"),
        suite(
            "3des-sha1;dh2", "des-sha1", "3des-sha1-modp1024", "des-sha1",
            "3DES_CBC/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024", "DES_CBC/HMAC_SHA1_96"),
        suite(
            "camellia256-sha2_256;dh5", "camellia128-sha2_256", "camellia256-sha256-modp1536", "camellia128-sha256",
            "CAMELLIA_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_1536", "CAMELLIA_CBC_128/HMAC_SHA2_256_128"),
        suite(
            "aes_ctr256-sha2_512;dh16", "aes_ctr128-sha1", "aes256ctr-sha512-modp4096", "aes128ctr-sha1",
            "AES_CTR_256/HMAC_SHA2_512_256/PRF_HMAC_SHA2_512/MODP_4096", "AES_CTR_128/HMAC_SHA1_96"),
        suite(
            "aes_gcm_8_128-sha2_256;dh22", "aes_gcm_8_256", "aes128gcm8-prfsha256-modp1024s160", "aes256gcm8",
            "AES_GCM_8_128/PRF_HMAC_SHA2_256/MODP_1024_160", "AES_GCM_8_256"),
        suite(
            "aes_gcm_12_256-sha2_384;dh23", "aes_gcm_12_128", "aes256gcm12-prfsha384-modp2048s224", "aes128gcm12",
            "AES_GCM_12_256/PRF_HMAC_SHA2_384/MODP_2048_224", "AES_GCM_12_128"),
        suite(
            "chacha20_poly1305-sha2_256;dh24", "chacha20_poly1305", "chacha20poly1305-prfsha256-modp2048s256",
            "chacha20poly1305", "CHACHA20_POLY1305/PRF_HMAC_SHA2_256/MODP_2048_256", "CHACHA20_POLY1305"),
        suite(
            "aes256-sha1;dh25", "aes_ccm_16_128", "aes256-sha1-ecp192", "aes128ccm16",
            "AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/ECP_192", "AES_CCM_16_128"),
        suite(
            "aes256-sha1;dh26", "aes_ccm_8_256", "aes256-sha1-ecp224", "aes256ccm8",
            "AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/ECP_224", "AES_CCM_8_256"),
        suite(
            "aes128-aes_cmac;dh28", "aes128-aes_xcbc", "aes128-aescmac-prfaescmac-ecp256bp", "aes128-aesxcbc",
            "AES_CBC_128/AES_CMAC_96/PRF_AES128_CMAC/ECP_256_BP", "AES_CBC_128/AES_XCBC_96"),
        suite(
            "aes128-sha2_384;dh29", "aes_ccm_12_192", "aes128-sha384-ecp384bp", "aes192ccm12",
            "AES_CBC_128/HMAC_SHA2_384_192/PRF_HMAC_SHA2_384/ECP_384_BP", "AES_CCM_12_192"),
        suite(
            "aes128-sha2_512;dh30", "null-sha2_256", "aes128-sha512-ecp512bp", "null-sha256",
            "AES_CBC_128/HMAC_SHA2_512_256/PRF_HMAC_SHA2_512/ECP_512_BP", "NULL/HMAC_SHA2_256_128"),
        suite(
            "aes128-sha2_256;dh27", "aes128-aes_cmac", "aes128-sha256-ecp224bp", "aes128-aescmac",
            "AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/ECP_224_BP", "AES_CBC_128/AES_CMAC_96"),
        suite(
            "aes128-sha2_256;dh32", "aes256-sha2_384", "aes128-sha256-curve448", "aes256-sha384",
            "AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_448", "AES_CBC_256/HMAC_SHA2_384_192"),
        suite(
            "aes128-sha2_256;dh17", "aes128-sha1", "aes128-sha256-modp6144", "aes128-sha1",
            "AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_6144", "AES_CBC_128/HMAC_SHA1_96"),
        suite(
            "aes128-sha2_256;dh18", "aes128-sha1", "aes128-sha256-modp8192", "aes128-sha1",
            "AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_8192", "AES_CBC_128/HMAC_SHA1_96"),
    ]

    private static func suite(
        _ swandIKE: String, _ swandESP: String, _ charonIKE: String, _ charonESP: String, _ ike: String, _ esp: String
    ) -> StrongSwanTests.Suite {
        StrongSwanTests.Suite(
            swandIKE: swandIKE, swandESP: swandESP, charonIKE: charonIKE, charonESP: charonESP, ikeAgreed: ike,
            espAgreed: esp)
    }

    @Test(arguments: suites, [true, false])
    func `each algorithm in both roles`(suite: StrongSwanTests.Suite, swandInitiates: Bool) throws {
        var scenario = CharonScenario(steps: [])
        scenario.swand = ["weak-algorithms=yes", "ike=\(suite.swandIKE)", "esp=\(suite.swandESP)"]
        scenario.charon = ["ike=\(suite.charonIKE)!", "esp=\(suite.charonESP)!"]
        scenario.isAddedWithWarnings = true
        scenario.steps =
            [
                swandInitiates ? StrongSwanTests.up : StrongSwanTests.charonUp, scenario.ping(count: 5),
                scenario.ping(count: 2, octets: 1300),
            ] + StrongSwanTests.agreed(suite.ikeAgreed, suite.espAgreed)
        try scenario.check()
    }
}
