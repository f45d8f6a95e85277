import IKECrypto
import LinuxSystem
import TestPKI
import Testing

/// AUTH by signature between swand and Debian's strongSwan, in both roles.
@Suite(
    .serialized,
    .enabled(if: RunnerProgram.hasDaemon, "swand is not built beside the tests"),
    .enabled(
        if: CharonScenario.isPossible,
        "needs root, /dev/net/tun and Debian's strongswan-starter, libcharon-extra-plugins, libstrongswan-standard-plugins"
    ))
struct SignatureInteropTests {
    enum KeyKind: Sendable {
        case rsa, ecdsa256, ecdsa384, ecdsa521, ed25519

        func make() throws -> PrivateKey {
            switch self {
            case .rsa: try .generateRSA(bits: 2048)
            case .ecdsa256: try .generateECDSA(bits: 256)
            case .ecdsa384: try .generateECDSA(bits: 384)
            case .ecdsa521: try .generateECDSA(bits: 521)
            case .ed25519: try .generateEd25519()
            }
        }
    }

    /// A way to sign, and how either end says that it was the one.
    struct Way: Sendable, CustomTestStringConvertible {
        let key: KeyKind
        let authby: String
        var settings: [String] = []
        /// What strongSwan's log says of our signature, and swand of strongSwan's.
        let charonSays: String
        let swandSays: String
        var testDescription: String { "\(authby), \(charonSays)" }
    }

    static let ways = [
        Way(
            key: .rsa, authby: "rsa-pkcs1-sha2_256", charonSays: "RSA_EMSA_PKCS1_SHA2_256",
            swandSays: "2nnn-bit RSA with SHA2_256"),
        Way(
            key: .rsa, authby: "rsa-sha2_384", settings: ["rsa_pss = yes"], charonSays: "RSA_EMSA_PSS_SHA2_384_SALT_48",
            swandSays: "2nnn-bit RSASSA-PSS with SHA2_384"),
        Way(
            key: .ecdsa256, authby: "ecdsa-sha2_256", charonSays: "ECDSA_WITH_SHA256_DER",
            swandSays: "256-bit ECDSA with SHA2_256"),
        Way(
            key: .ecdsa384, authby: "ecdsa-sha2_384", charonSays: "ECDSA_WITH_SHA384_DER",
            swandSays: "384-bit ECDSA with SHA2_384"),
        Way(
            key: .ecdsa521, authby: "ecdsa-sha2_512", charonSays: "ECDSA_WITH_SHA512_DER",
            swandSays: "521-bit ECDSA with SHA2_512"),
        Way(key: .ed25519, authby: "eddsa", charonSays: "ED25519", swandSays: "Ed25519"),
        // Without RFC 7427: methods 1, 9, 10 and 11.
        Way(
            key: .rsa, authby: "rsasig", settings: ["signature_authentication = no"],
            charonSays: "RSA signature", swandSays: "2nnn-bit RSA with SHA1"),
        Way(
            key: .ecdsa256, authby: "ecdsa", settings: ["signature_authentication = no"],
            charonSays: "ECDSA-256 signature",
            swandSays: "256-bit ECDSA with SHA2_256"),
        Way(
            key: .ecdsa384, authby: "ecdsa", settings: ["signature_authentication = no"],
            charonSays: "ECDSA-384 signature",
            swandSays: "384-bit ECDSA with SHA2_384"),
        Way(
            key: .ecdsa521, authby: "ecdsa", settings: ["signature_authentication = no"],
            charonSays: "ECDSA-521 signature",
            swandSays: "521-bit ECDSA with SHA2_512"),
    ]

    /// How the connection comes up, from the end that begins.
    static func up(_ swandInitiates: Bool) -> CharonScenario.Step {
        swandInitiates ? StrongSwanTests.up : StrongSwanTests.charonUp
    }

    /// How it does not.
    static func refused(_ swandInitiates: Bool, byCharon: String? = nil, bySwand: String? = nil) -> [CharonScenario
        .Step]
    {
        var steps: [CharonScenario.Step] = []
        if swandInitiates {
            steps.append(.west("ipsec up w >/dev/null; echo $?", "1"))
        } else {
            steps.append(.east("ipsec up e | tail -n 1", "establishing connection 'e' failed"))
        }
        if let bySwand {
            // Its answer goes out before its log says so.
            steps.append(
                .west("../../guestbin/wait-for.sh --match 'authentication failed' -- cat /tmp/pluto.log >/dev/null"))
            steps.append(.west("grep -c '^.w. #1: authentication failed: \(bySwand)$' /tmp/pluto.log", "1"))
        }
        // swand, which wants it up, tries again.
        if let byCharon { steps.append(.east("grep -m 1 -o '\(byCharon)' OUTPUT/east.charon.log", byCharon)) }
        return steps + [.west("ipsec trafficstatus")]
    }

    @Test(arguments: ways, [true, false])
    func `each way to sign, with certificates of one authority`(way: Way, swandInitiates: Bool) throws {
        var scenario = try CharonPKI(way.key.make).scenario(swand: way.authby, settings: way.settings)
        scenario.steps = [
            Self.up(swandInitiates), scenario.ping(),
            .west(
                "grep -o 'authenticated peer.*' /tmp/pluto.log",
                "authenticated peer certificate 'C=CA, O=Test, CN=east' and \(way.swandSays) digital signature "
                    + "issued by 'C=CA, O=Test, CN=root'"),
            .east(
                "grep -o \"authentication of 'west' with .* successful\" OUTPUT/east.charon.log",
                "authentication of 'west' with \(way.charonSays) successful"),
        ]
        try scenario.check()
    }

    @Test(arguments: [true, false])
    func `an authority between root and end, which each end sends the other`(swandInitiates: Bool) throws {
        var pki = try CharonPKI()
        let middle = try TestAuthority(
            "C=CA, O=Test, CN=middle", key: .generateECDSA(bits: 384), signedBy: pki.root, validity: CharonPKI.current)
        for keyPath in [\CharonPKI.west, \CharonPKI.east] {
            let name = keyPath == \CharonPKI.west ? "west" : "east"
            pki[keyPath: keyPath].certificate = try middle.issue(CharonPKI.template(name, pki[keyPath: keyPath].key))
        }
        // Each knows the one between only where it is its own: the other has it from the wire.
        pki.west.between = swandInitiates ? [middle.certificate] : []
        pki.east.between = swandInitiates ? [] : [middle.certificate]
        let other = try pki.root.issue(CharonPKI.template(swandInitiates ? "east" : "west", pki.east.key))
        if swandInitiates {
            pki.east.certificate = other
        } else {
            pki.west.certificate = try pki.root.issue(CharonPKI.template("west", pki.west.key))
        }
        var scenario = try pki.scenario(swand: "ecdsa")
        scenario.steps = [Self.up(swandInitiates), scenario.ping()]
        try scenario.check()
    }

    @Test(arguments: [true, false])
    func `distinguished names as identities`(swandInitiates: Bool) throws {
        var scenario = try CharonPKI().scenario(swand: "ecdsa")
        scenario.westID = "\"C=CA, O=Test, CN=west\""
        scenario.eastID = "\"C=CA, O=Test, CN=east\""
        scenario.steps = [Self.up(swandInitiates), scenario.ping()]
        try scenario.check()
    }

    @Test(arguments: [true, false])
    func `identities that come from the certificates`(swandInitiates: Bool) throws {
        var scenario = try CharonPKI().scenario(swand: "ecdsa")
        scenario.swand += ["leftid=%fromcert", "rightid=%fromcert"]
        scenario.charon += ["leftid=", "rightid=%any"]
        scenario.eastID = "\"C=CA, O=Test, CN=east\""
        scenario.steps = [Self.up(swandInitiates), scenario.ping()]
        try scenario.check()
    }

    @Test(arguments: [true, false])
    func `certificates of 7000 octets in fragments`(swandInitiates: Bool) throws {
        var pki = try CharonPKI { try .generateRSA(bits: 4096) }
        for keyPath in [\CharonPKI.west, \CharonPKI.east] {
            var template = CharonPKI.template(
                keyPath == \CharonPKI.west ? "west" : "east", pki[keyPath: keyPath].key)
            template.padding = 6000
            pki[keyPath: keyPath].certificate = try pki.root.issue(template)
        }
        var scenario = try pki.scenario(swand: "rsasig", settings: ["fragment_size = 1000"])
        scenario.steps = [
            Self.up(swandInitiates), scenario.ping(),
            .east("test $(grep -c 'received fragment #' OUTPUT/east.charon.log) -gt 12 && echo many", "many"),
            .west(
                "test $(grep -o 'reassembled from [0-9]* fragments' /tmp/pluto.log | wc -l) -le 1 && echo once", "once"),
        ]
        try scenario.check()
    }

    // MARK: What has to be refused

    @Test(arguments: [true, false])
    func `swand refuses a revoked certificate`(swandInitiates: Bool) throws {
        var pki = try CharonPKI()
        pki.revoked = [pki.east.certificate]
        var scenario = try pki.scenario(swand: "ecdsa")
        scenario.steps = Self.refused(swandInitiates, bySwand: "certificate rejected: revoked")
        try scenario.check()
    }

    @Test(arguments: [true, false])
    func `strongSwan refuses a revoked certificate`(swandInitiates: Bool) throws {
        var pki = try CharonPKI()
        pki.revoked = [pki.west.certificate]
        var scenario = try pki.scenario(swand: "ecdsa")
        scenario.steps = Self.refused(swandInitiates, byCharon: "certificate was revoked on")
        try scenario.check()
    }

    @Test(arguments: [true, false])
    func `swand refuses an expired certificate`(swandInitiates: Bool) throws {
        var pki = try CharonPKI()
        var template = CharonPKI.template("east", pki.east.key)
        template.validity = CharonPKI.past
        pki.east.certificate = try pki.root.issue(template)
        var scenario = try pki.scenario(swand: "ecdsa")
        scenario.steps = Self.refused(swandInitiates, bySwand: "certificate rejected: expired")
        try scenario.check()
    }

    @Test(arguments: [true, false])
    func `swand refuses a certificate of another authority`(swandInitiates: Bool) throws {
        var pki = try CharonPKI()
        pki.westAnchor = try TestAuthority(
            "C=CA, O=Test, CN=other", key: .generateECDSA(bits: 256), validity: CharonPKI.current
        ).certificate
        var scenario = try pki.scenario(swand: "ecdsa")
        scenario.steps = Self.refused(
            swandInitiates, bySwand: "certificate rejected: issued by an authority that is not trusted")
        try scenario.check()
    }

    @Test(arguments: [true, false])
    func `swand refuses a certificate of an authority that the connection does not want`(swandInitiates: Bool) throws {
        var scenario = try CharonPKI().scenario(swand: "ecdsa")
        scenario.swand += ["rightca=\"C=CA, O=Test, CN=other\""]
        scenario.steps = Self.refused(
            swandInitiates, bySwand: "certificate rejected: issued by another authority than the connection wants")
        try scenario.check()
    }

    @Test(arguments: [true, false])
    func `swand refuses an identity that the certificate does not carry`(swandInitiates: Bool) throws {
        var pki = try CharonPKI()
        var template = CharonPKI.template("elsewhere", pki.east.key)
        template.names = []
        pki.east.certificate = try pki.root.issue(template)
        var scenario = try pki.scenario(swand: "ecdsa")
        // strongSwan would not claim such an identity with a certificate, but with the bare key it does.
        scenario.eastID = "\"C=CA, O=Test, CN=elsewhere\""
        scenario.swand += ["rightid=@east"]
        scenario.steps =
            swandInitiates
            ? Self.refused(true) : Self.refused(false)
        try scenario.check()
    }

    @Test(arguments: [true, false])
    func `strongSwan refuses a certificate of another authority`(swandInitiates: Bool) throws {
        var pki = try CharonPKI()
        pki.eastAnchor = try TestAuthority(
            "C=CA, O=Test, CN=other", key: .generateECDSA(bits: 256), validity: CharonPKI.current
        ).certificate
        var scenario = try pki.scenario(swand: "ecdsa")
        scenario.steps = Self.refused(swandInitiates, byCharon: "no trusted ECDSA public key found")
        try scenario.check()
    }

    // MARK: Raw keys

    @Test(arguments: [KeyKind.rsa, .ecdsa256], [true, false])
    func `raw public keys`(kind: KeyKind, swandInitiates: Bool) throws {
        let pki = try CharonPKI(kind.make)
        var scenario = CharonScenario(steps: [])
        scenario.swandAuthentication = kind == .rsa ? "rsasig" : "ecdsa"
        scenario.charonAuthentication = "pubkey"
        func text(_ key: PublicKey) -> String { "0s" + PEM.base64(encoding: key.rfc3110 ?? key.subjectPublicKeyInfo) }
        let name = kind == .rsa ? "rsasigkey" : "ecdsakey"
        scenario.swand = [
            "left\(name)=\(text(pki.west.key.publicKey))", "right\(name)=\(text(pki.east.key.publicKey))",
        ]
        scenario.charon = ["leftsigkey=e.pub", "rightsigkey=w.pub"]
        scenario.eastSecrets = ": PKCS8 east.pem\n"
        scenario.moreFiles = [
            "w.key": try CharonPKI.pem(pki.west.key), "e.key": try CharonPKI.pem(pki.east.key),
            "w.pub": PEM.text("PUBLIC KEY", pki.west.key.publicKey.subjectPublicKeyInfo),
            "e.pub": PEM.text("PUBLIC KEY", pki.east.key.publicKey.subjectPublicKeyInfo),
        ]
        scenario.preparation = [
            .west("mkdir -p /etc/ipsec.d/private; cp w.key /etc/ipsec.d/private/west.pem"),
            .east(
                "mkdir -p /etc/ipsec.d/private /etc/ipsec.d/certs; cp e.key /etc/ipsec.d/private/east.pem; "
                    + "cp w.pub e.pub /etc/ipsec.d/certs/"),
        ]
        scenario.steps = [
            Self.up(swandInitiates), scenario.ping(),
            .west("grep -c \"authenticated peer using preloaded certificate '@east'\" /tmp/pluto.log", "1"),
        ]
        try scenario.check()
    }
}
