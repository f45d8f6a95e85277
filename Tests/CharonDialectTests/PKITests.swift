import CharonDialect
import DialectKit
import IKECrypto
import Testing

/// `pki`, as a chain of commands whose files are values.
@Suite struct PKITests {
    private static let now: Int64 = 1_747_821_789

    private final class Folder {
        var files: [String: [UInt8]] = [:]

        func pki(_ line: String, input: [UInt8] = []) throws -> [UInt8] {
            // Names in double quotes have spaces.
            var words: [String] = []
            for (index, part) in line.split(separator: "\"", omittingEmptySubsequences: false).enumerated() {
                words += index % 2 == 1 ? [String(part)] : part.split(separator: " ").map(String.init)
            }
            let files = files
            var command = PKICommand(
                readFile: { (path) throws(FileFailure) in
                    guard let octets = files[path] else { throw .missing }
                    return octets
                }, standardInput: { input }, now: PKITests.now, random: SeededRandom(seed: 7))
            return try command.run(words)
        }
    }

    private func text(_ octets: [UInt8]) -> String { String(decoding: octets, as: UTF8.self) }

    private func authority(_ folder: Folder) throws {
        folder.files["ca.key"] = try folder.pki("--gen --type ecdsa --size 256")
        folder.files["ca.crt"] = try folder.pki(
            "--self --ca --in ca.key --type ecdsa --dn \"C=CH, O=strongSwan, CN=Root\" --lifetime 3650 --outform pem")
    }

    @Test func `the page's two commands make a key and a certificate that is its own`() throws {
        let folder = Folder()
        let key = try folder.pki("--gen")
        let read = try PrivateKey(der: SecretBytes(key))
        #expect(read.publicKey.kind == .rsa && read.publicKey.bits == 2048)
        folder.files["server-key.der"] = key
        let certificate = try Certificate(der: try folder.pki("--self --in server-key.der --dn \"CN=vpp.home\""))
        #expect(certificate.subject.text == "CN=vpp.home" && certificate.isSelfIssued && !certificate.isAuthority)
        #expect(certificate.publicKey == read.publicKey)
        #expect(certificate.notAfter - certificate.notBefore == 1095 * 86400)
        // What strongSwan writes is PKCS #1, which begins with a version and the modulus.
        #expect(text(try folder.pki("--gen --outform pem")).hasPrefix("-----BEGIN RSA PRIVATE KEY-----\n"))
    }

    @Test func `what an authority issues leads to it, until its list revokes it`() throws {
        let folder = Folder()
        try authority(folder)
        folder.files["carol.key"] = try folder.pki("--gen --type ecdsa --size 256")
        let pub = try folder.pki("--pub --in carol.key --type priv")
        folder.files["carol.crt"] = try folder.pki(
            "--issue --cacert ca.crt --cakey ca.key --dn \"C=CH, CN=carol\" --san carol@strongswan.org --san 10.0.0.1 "
                + "--crl http://crl.example/a.crl", input: pub)
        folder.files["one.crl"] = try folder.pki("--signcrl --cacert ca.crt --cakey ca.key --lifetime 30")
        folder.files["two.crl"] = try folder.pki(
            "--signcrl --cacert ca.crt --cakey ca.key --lastcrl one.crl --reason superseded --cert carol.crt")
        let sections = try PEM.sections(of: folder.files["ca.crt"]!)
        let root = try Certificate(der: sections[0].contents.exposed)
        let carol = try Certificate(der: folder.files["carol.crt"]!)
        #expect(root.isAuthority && root.maySignLists)
        #expect(carol.alternativeNames == [.email(Array("carol@strongswan.org".utf8)), .address([10, 0, 0, 1])])
        #expect(carol.authorityKeyIdentifier == root.subjectKeyIdentifier)
        for (name, isRevoked) in [("one.crl", false), ("two.crl", true)] {
            let list = try RevocationList(der: folder.files[name]!)
            let store = TrustStore(anchors: [root], revocationLists: [list], requiresRevocationLists: true)
            let path = try store.path(of: carol, helpers: [], time: Self.now + 60)
            #expect(path.refusal(requiringLists: true) == (isRevoked ? .revoked : nil))
            #expect(path.checks.first?.status == (isRevoked ? .revoked(at: Self.now, reason: 4) : .good))
        }
        let printed = text(try folder.pki("--print --in two.crl --type crl"))
        #expect(printed.contains("  serial:    02\n") && printed.contains(", superseded\n"))
        #expect(
            text(try folder.pki("--print --in carol.crt")).contains("  altNames:  carol@strongswan.org, 10.0.0.1\n"))
    }

    @Test(arguments: [
        ("--issue --cakey ca.key", "--cacert is required"), ("--self --in none --dn CN=a", "opening 'none' failed"),
        ("--self --in ca.key", "--dn is required"), ("--gen --type dsa", "a key of type 'dsa'"),
        ("--gen --size", "option '--size' requires an argument"), ("--bake", "operation '--bake'"),
        ("--issue --cacert leaf.crt --cakey ca.key --dn CN=a", "misses CA basicConstraint"),
    ]) func `what cannot be done is said`(_ line: String, _ reason: String) throws {
        let folder = Folder()
        try authority(folder)
        folder.files["leaf.crt"] = try folder.pki("--self --in ca.key --dn CN=leaf")
        #expect { try folder.pki(line) } throws: { "\($0)".contains(reason) }
    }

    @Test(arguments: [
        ("--gen --foo", "invalid --gen option: --foo"), ("--gen --lifetime 3", "invalid --gen option: --lifetime"),
        ("--print --dn CN=a", "invalid --print option: --dn"), ("--gen --size many", "--size: 'many' is no number"),
        ("--gen extra", "unexpected argument 'extra'"), ("--nosuch", "operation '--nosuch'"),
    ])
    func `what an operation does not know is refused`(_ line: String, _ words: String) {
        let failure = #expect(throws: PKICommand.Failure.self) { try Folder().pki(line) }
        #expect(failure?.description.contains(words) == true)
    }

    @Test(arguments: ["0", "-1", "9223372036854775807", "106751991167301", "3000000"])
    func `a lifetime that no certificate can have is refused`(_ days: String) throws {
        let folder = Folder()
        folder.files["a.key"] = try folder.pki("--gen --type ecdsa --size 256")
        #expect(throws: PKICommand.Failure.self) {
            try folder.pki("--self --in a.key --type ecdsa --dn CN=a --lifetime \(days)")
        }
        #expect(try !folder.pki("--self --in a.key --type ecdsa --dn CN=a --lifetime 2900000").isEmpty)
    }
}
