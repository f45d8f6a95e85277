import IKECrypto
import IKEModel
import PlutoDialect
import Testing

/// `ike=` and `esp=`, against what pluto's own test of its parser says.
struct AlgorithmParserTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var kind: AlgorithmParser.Kind
        var text: String
        /// As pluto prints it: warnings, proposals, or `ERROR: …`.
        var expected: [String]
        var fips = true
        var pfs = false
        var testDescription: String { "\(kind.rawValue)=\(text) fips \(fips) pfs \(pfs)" }
    }

    private static func lines(_ one: Case) -> [String] {
        var parser = AlgorithmParser(one.kind, fips: one.fips, pfs: one.pfs)
        do throws(AlgorithmError) {
            let proposals = try parser.parse(one.text)
            return parser.warnings + proposals.map(\.description)
        } catch {
            return parser.warnings + ["ERROR: \(error)"]
        }
    }

    @Test(arguments: [
        Case(kind: .ike, text: "aes_gcm-sha2_256-dh14", expected: ["AES_GCM_16-HMAC_SHA2_256-MODP2048"]),
        Case(
            kind: .ike, text: "aes128-sha1;modp1536,aes256-sha2;modp8192",
            expected: ["AES_CBC_128-HMAC_SHA1-MODP1536", "AES_CBC_256-HMAC_SHA2_256-MODP8192"], fips: false),
        Case(kind: .ike, text: "aes-sha1_96-sha2-ecp_521", expected: ["AES_CBC-HMAC_SHA1_96-HMAC_SHA2_256-DH21"]),
        Case(kind: .ike, text: "aes;none", expected: ["ERROR: IKE DH algorithm 'none' not permitted"]),
        Case(kind: .ike, text: "aes-md5", expected: ["ERROR: IKE PRF algorithm 'md5' is not supported"]),
        Case(kind: .esp, text: "3des-sha2", expected: ["3DES_CBC-HMAC_SHA2_256_128"]),
        Case(
            kind: .esp, text: "aes_gcm128-null,aes128-sha1",
            expected: ["AES_GCM_16_128-NONE", "AES_CBC_128-HMAC_SHA1_96"],
            fips: false),
        Case(
            kind: .esp, text: "aes224-sha1",
            expected: [
                "ERROR: ESP encryption algorithm AES_CBC with key length 224 invalid; valid key lengths: 128, 192, 256"
            ]),
        Case(
            kind: .esp, text: "aes-sha1,3des-sha1;modp8192",
            expected: ["ERROR: either all or no ESP proposals should specify DH"], pfs: true),
    ])
    func `a value reads as pluto reads it`(_ one: Case) {
        #expect(AlgorithmParserTests.lines(one) == one.expected)
    }

    @Test(.enabled(if: SharedFolder.isThere, SharedFolder.reason))
    func `every IKEv2 line of pluto's own parser test comes out the same`() throws {
        let text = try SharedFolder.text("reference/libreswan-transcripts/algparse-02-fips/west.console.txt")
        var cases: [Case] = []
        var current: Case?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let match = line.firstMatch(of: #/^algparse -fips -v2( -pfs)? '(esp|ike|ah)(=)?([^']*)' /#) {
                if let current { cases.append(current) }
                current = nil
                // `esp` alone asks for the defaults, which are no text; AH is not for this project.
                guard match.output.2 != "ah", match.output.3 != nil else { continue }
                current = Case(
                    kind: match.output.2 == "ike" ? .ike : .esp, text: String(match.output.4), expected: [],
                    pfs: match.output.1 != nil)
            } else if line.hasPrefix("west #") || line.hasPrefix("algparse") {
                if let current { cases.append(current) }
                current = nil
            } else if current != nil {
                let body = line.replacing("ipsec algparse: ", with: "").drop { $0 == "\t" }
                current!.expected.append(String(body))
            }
        }
        #expect(cases.count > 390)
        let wrong = cases.filter { AlgorithmParserTests.lines($0) != $0.expected }
        #expect(
            wrong.map { "\($0.testDescription): \(AlgorithmParserTests.lines($0)), not \($0.expected)" } == [],
            "of \(cases.count)")
    }

    @Test func `the defaults are the recording's five proposals`() {
        let ike = DefaultProposals.ike().map(\.ike)
        #expect(
            ike.map(\.encryption).flatMap { $0 }.map { "\($0.algorithm.name) \($0.keyBits)" } == [
                "AES_GCM_16 256", "AES_GCM_16 128", "CHACHA20_POLY1305 0", "AES_CBC 256", "AES_CBC 128",
            ])
        #expect(ike.allSatisfy { $0.prf == [.hmacSHA2_512, .hmacSHA2_256] })
        #expect(
            ike.allSatisfy {
                $0.keyExchange == [
                    .ecp256, .ecp384, .ecp521, .curve25519, .modp4096, .modp3072, .modp2048, .modp8192,
                ]
            })
        #expect(
            ike.map(\.integrity) == [
                [], [], [], [.hmacSHA2_512_256, .hmacSHA2_256_128], [.hmacSHA2_512_256, .hmacSHA2_256_128],
            ])
        let esp = DefaultProposals.esp().map { $0.esp(extendedSequenceNumbers: [true, false]) }
        #expect(esp.map(\.integrity) == ike.map(\.integrity))
        #expect(esp.allSatisfy { $0.keyExchange.isEmpty && $0.extendedSequenceNumbers == [true, false] })
    }

    @Test func `a cipher without a key length: longest first for IKE, shortest first for ESP`() throws {
        var ike = AlgorithmParser(.ike)
        var esp = AlgorithmParser(.esp)
        let offered = try ike.parse("aes_gcm")[0].ike.encryption.map(\.keyBits)
        let child = try esp.parse("aes_gcm")[0].esp(extendedSequenceNumbers: [true]).encryption.map(\.keyBits)
        #expect(offered == [256, 128])
        #expect(child == [128, 256])
    }
}

@Suite struct WeakAlgorithmTests {
    @Test(arguments: ["des-sha1;modp2048", "aes-sha1;dh1", "aes-sha1;dh2", "aes-sha1;dh22", "aes-sha1;dh25"])
    func `weak algorithms are refused unless they are asked for twice, and then named`(text: String) throws {
        #expect(isRefused(text, AlgorithmParser(.ike)))
        var lax = AlgorithmParser(.ike, weak: true)
        _ = try lax.parse(text)
        #expect(lax.weakAlgorithms.count == 1)
        #expect(isRefused(text, AlgorithmParser(.ike, fips: true, weak: true)))
    }

    private func isRefused(_ text: String, _ parser: AlgorithmParser) -> Bool {
        var parser = parser
        do throws(AlgorithmError) {
            _ = try parser.parse(text)
            return false
        } catch {
            return true
        }
    }

    @Test func `what is not weak is not named so`() throws {
        var parser = AlgorithmParser(.ike, weak: true)
        _ = try parser.parse("aes256-sha2_256;dh19,aes_gcm128-aes_cmac;dh28+dh32")
        #expect(parser.weakAlgorithms.isEmpty)
    }
}
