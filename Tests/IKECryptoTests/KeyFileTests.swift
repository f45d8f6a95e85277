import IKECrypto
import Testing

/// Private keys as programs leave them in files: plain, or encrypted, as PEM or DER. Made by OpenSSL 3.0 of one key.
@Suite struct KeyFileTests {
    static let plain = """
        -----BEGIN EC PRIVATE KEY-----
        MHcCAQEEIB5SWbPM08wqjJepnR8QuOygqt/NDIbg6cDsLcQrdLU7oAoGCCqGSM49
        AwEHoUQDQgAE64z/1NZ00PQlsnH1pLMKsfHwrQVBrH635MEzzupdo2Tw8VmEd+bF
        br+HzEr+JQq22GPHqMSx6UcogMME1DCqjg==
        -----END EC PRIVATE KEY-----
        """
    /// PEM of the older kind: the header names the cipher.
    static let headed = """
        -----BEGIN EC PRIVATE KEY-----
        Proc-Type: 4,ENCRYPTED
        DEK-Info: AES-128-CBC,646A630C8159BB52A6CE25727DBE086F

        sXbIrTq4ALzY16Ug45JRaPdADb9zDICmSLf+uutg2Y6Lcr41sv225utDjq6ntO+j
        V1wM4WL6UvTRiJA2QC0HJ2PviIupipYyRG+wfFPCoiFbkzPCeLIscVMLM6FTEa05
        dmPobkq205ZW8HaqzeZnGWZAmPzOnXMZxSgxGoOrBYQ=
        -----END EC PRIVATE KEY-----
        """
    static let pkcs8 = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAh8u8AVSWPwLwICCAAw
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEENxcv5K2nVWSHi0JqdS1/iAEgZBX
        Fx5Lw5DnUqacEg2ztg8xaUhT5zqowWB93Cq5rzRDK7AOzo8EaEluYU4HPBjvK61R
        IRtoZLkijn3Rn/jvkRmCKcrO2XN/OeiZMEHneCU3IkIP8qwtV7VPkl1NWYOlSFaC
        oAXGcRxq+uoQCIWjYzACbLyQHUFSefrW7ko4iXiw0/n4zM+q/ShjUI5cLpIStfg=
        -----END ENCRYPTED PRIVATE KEY-----
        """
    static let pkcs8DER =
        "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhGgZBV/RRB1QICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoE"
        + "EE48LxbzZasdWmY7lAW4gbAEgZCoG0bRgsEumawJ40UdhrmzllzBM7OVnaQg0arvhFVgKbR3LLGdhwIleWoM0g48bSMATIi3muBH"
        + "TQviHxCABm6k4M7pjqc+F+WBcHN5OlUwS0LbagTR0boroty2LN6QV2s4JxYUJTQVM0yiYxYuInN/1b+tLhQ6AcV7qP3hRWJMhuYR"
        + "6sBr+/wkutOvHBZk08A="

    private static let files: [(name: String, octets: [UInt8])] = [
        ("PEM with a header", Array(headed.utf8)), ("PKCS #8 as PEM", Array(pkcs8.utf8)),
        ("PKCS #8 as DER", PEM.base64(Array(pkcs8DER.utf8))!),
    ]

    private func secret(_ text: String) -> SecretBytes { SecretBytes(Array(text.utf8)) }

    @Test(arguments: 0..<3) func `an encrypted key opens with its passphrase and with no other`(_ index: Int) throws {
        let octets = Self.files[index].octets
        let key = try PrivateKey(file: Array(Self.plain.utf8), passphrase: nil)
        #expect(try PrivateKey(file: octets, passphrase: secret("nsrocks")).publicKey == key.publicKey)
        #expect(throws: CryptoError.integrity) { try PrivateKey(file: octets, passphrase: secret("nsrock")) }
        #expect(throws: CryptoError.self) { try PrivateKey(file: octets, passphrase: nil) }
        #expect(throws: CryptoError.self) {
            try PrivateKey(file: Array(octets.dropLast(40)), passphrase: secret("nsrocks"))
        }
    }

    @Test func `a plain key needs no passphrase, and minds none`() throws {
        let key = try PrivateKey(file: Array(Self.plain.utf8), passphrase: secret("nsrocks"))
        let der = try key.exported().exposed
        #expect(try PrivateKey(file: der, passphrase: nil).publicKey == key.publicKey)
        #expect(try PrivateKey(file: der, passphrase: secret("any")).publicKey == key.publicKey)
        #expect(throws: CryptoError.self) { try PrivateKey(file: [], passphrase: nil) }
    }
}
