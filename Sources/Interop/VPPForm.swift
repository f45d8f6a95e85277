/// What a case is to a VPP: lines of its profile, behind their keywords.
package struct VPPForm: Sendable {
    /// Behind `ike-crypto-alg`, with the group; and behind `esp-crypto-alg`.
    var ike = "aes-cbc 256 ike-integ-alg hmac-sha2-256-128 ike-dh ecp-256"
    var esp = "aes-gcm-16 256"
    /// Further lines, behind `ikev2 profile set w`.
    var further: [String] = []
}

/// The matrix for a swand that speaks as VPP 17.04 does: the same cases, where that can do them, with its own algorithms; for
/// the others its reason.
package enum VPPCases {
    package static let all = InteropCases.all.map(translated)
    package static let controls = InteropCases.controls.compactMap { test -> InteropCase? in
        // The others are typed at pluto.
        let others = ["control-wrong-key", "control-limit-that-is-none"]
        return others.contains(test.name) ? nil : tunnel(test)
    }

    static func translated(_ test: InteropCase) -> InteropCase {
        if let reason = reason(test) { return test.with { $0.beyond = reason } }
        if test.name.hasPrefix("group-") || test.name.hasPrefix("ike-") { return ike(test) }
        if test.name.hasPrefix("esp-") { return esp(test) }
        return special(test) ?? tunnel(test)
    }

    // MARK: What VPP cannot

    private static let reasons: [(prefix: String, reason: String)] = [
        ("group-curve25519", "has groups 1, 2, 5 and 14 to 25"),
        ("ike-aes256ctr", "has no AES-CTR for IKE SAs"), ("ike-camellia", "has no Camellia"),
        ("ike-aes128gcm8", "has AES-GCM with ICVs of 16 octets alone"),
        ("ike-aes192gcm12", "has AES-GCM with ICVs of 16 octets alone"), ("ike-chacha", "has no ChaCha20-Poly1305"),
        ("ike-aes128-md5", "has no MD5"), ("ike-aes128-aesxcbc", "has no AES-XCBC"),
        ("esp-camellia", "has no Camellia"),
        ("esp-null", "a profile names no NULL encryption"), ("esp-aes128ccm", "has no AES-CCM"),
        ("esp-aes192ccm", "has no AES-CCM"), ("esp-aes256ccm", "has no AES-CCM"),
        ("esp-aes128gcm8", "has AES-GCM with ICVs of 16 octets alone"),
        ("esp-aes192gcm12", "has AES-GCM with ICVs of 16 octets alone"), ("esp-chacha", "has no ChaCha20-Poly1305"),
        ("esp-aes128-md5", "has no MD5"), ("esp-aes128-aesxcbc", "has no AES-XCBC"),
        ("esp-aes128-aescmac", "has no AES-CMAC"), ("ipv6", "has IKEv2 over IPv4 alone, and selectors of type 7"),
        ("ipv4-in-ipv6", "has IKEv2 over IPv4 alone, and selectors of type 7"),
        ("ipv6-in-ipv4", "has IKEv2 over IPv4 alone, and selectors of type 7"), ("nat-before", "has no NAT traversal"),
        ("fragments", "has no fragments (RFC 7383)"), ("narrowing", "does not narrow: selectors are equal"),
        ("transport", "makes tunnels alone with IKEv2"), ("rekey-ike-swand", "has no command for it"),
        ("rekey-both", "has no command for an IKE SA"), ("childless", "has no RFC 6023"),
        ("other-group", "a profile names one group, and a responder has every one of the page's"),
        ("cookies", "has no cookies"), ("delete-by-responder-peer", "does not come back by itself"),
        ("two-children", "a profile is one Child SA"), ("liveness", "sends no signs of life"),
        ("wrong-ppk", "has no RFC 8784"), ("pfs-wrong-group", "a responder has every group of the page's"),
        ("address-from", "has no Configuration payload"), ("ppk", "has no RFC 8784"), ("mobike", "has no RFC 4555"),
    ]

    private static func reason(_ test: InteropCase) -> String? {
        if test.eap != nil { return "VPP 17.04 has no EAP" }
        if test.certificates != nil {
            return "VPP 17.04 signs by RSA with SHA-1 (method 1), and looks at no certificate but for its key"
        }
        return reasons.first { test.name.hasPrefix($0.prefix) }.map { "VPP 17.04 \($0.reason)" }
    }

    // MARK: What it can

    /// As initiator the PRF is HMAC-SHA1, so strongSwan is told it too.
    private static func tunnel(_ test: InteropCase, _ form: VPPForm = VPPForm()) -> InteropCase {
        test.with {
            $0.manner = .vpp(form)
            ($0.conn, $0.setup) = ([], [])
            if $0.ike != nil { $0.ike = "aes256-sha256-prfsha1-ecp256" }
            if $0.esp != nil { $0.esp = "aes256gcm16" }
            if case .tunnel = $0.expectation, test.name != "control-wrong-algorithm" {
                $0.expectation = .tunnel(ike: $0.ike == nil ? nil : agreed, esp: $0.esp == nil ? nil : "AES_GCM_16-256")
            }
        }
    }

    private static let agreed = "AES_CBC-256/HMAC_SHA2_256_128/PRF_HMAC_SHA1/ECP_256"

    private static let ciphers: [(theirs: String, ours: String, listed: String)] = [
        ("3des", "3des", "3DES_CBC"), ("aes128ctr", "aes-ctr 128", "AES_CTR-128"),
        ("aes256ctr", "aes-ctr 256", "AES_CTR-256"), ("aes128gcm16", "aes-gcm-16 128", "AES_GCM_16-128"),
        ("aes256gcm16", "aes-gcm-16 256", "AES_GCM_16-256"), ("aes128", "aes-cbc 128", "AES_CBC-128"),
        ("aes192", "aes-cbc 192", "AES_CBC-192"), ("aes256", "aes-cbc 256", "AES_CBC-256"),
    ]
    private static let hashes: [(theirs: String, ours: String, listed: String)] = [
        ("sha1", "sha1-96", "HMAC_SHA1_96"), ("sha256", "hmac-sha2-256-128", "HMAC_SHA2_256_128"),
        ("sha384", "hmac-sha2-384-192", "HMAC_SHA2_384_192"), ("sha512", "hmac-sha2-512-256", "HMAC_SHA2_512_256"),
    ]

    /// Cipher and hash of a proposal of strongSwan's: VPP's words, strongSwan's without a PRF, and those of a listing.
    private static func algorithms(
        _ proposal: String, _ kind: String
    ) -> (ours: String, theirs: String, listed: String)? {
        let parts = proposal.split(separator: "-").map(String.init)
        guard let cipher = ciphers.first(where: { $0.theirs == parts.first }) else { return nil }
        if cipher.theirs.contains("gcm") { return (cipher.ours, cipher.theirs, cipher.listed) }
        guard parts.count > 1, let hash = hashes.first(where: { $0.theirs == parts[1] }) else { return nil }
        return (
            "\(cipher.ours) \(kind)-integ-alg \(hash.ours)", "\(cipher.theirs)-\(hash.theirs)",
            "\(cipher.listed)/\(hash.listed)"
        )
    }

    /// `ecp256` is `ecp-256`.
    private static func group(_ proposal: String) -> (ours: String, theirs: String)? {
        guard let last = proposal.split(separator: "-").last else { return nil }
        for family in ["modp", "ecp"] where last.hasPrefix(family) {
            return ("\(family)-\(last.dropFirst(family.count))", String(last))
        }
        return nil
    }

    private static func ike(_ test: InteropCase) -> InteropCase {
        guard let proposal = test.ike, let found = algorithms(proposal, "ike") else {
            return test.with { $0.beyond = "VPP 17.04 has no such transform" }
        }
        // Curve25519 of the other cases is not VPP's.
        let group = group(proposal) ?? ("ecp-256", "ecp256")
        let name = "\(group.theirs.hasPrefix("ecp") ? "ECP_" : "MODP_")\(group.theirs.drop { $0.isLetter })"
        return tunnel(test, VPPForm(ike: "\(found.ours) ike-dh \(group.ours)")).with {
            $0.ike = "\(found.theirs)-prfsha1-\(group.theirs)"
            $0.expectation = .tunnel(ike: "\(found.listed)/PRF_HMAC_SHA1/\(name)", esp: "AES_GCM_16-256")
        }
    }

    private static func esp(_ test: InteropCase) -> InteropCase {
        guard let proposal = test.esp, let found = algorithms(proposal, "esp") else {
            return test.with { $0.beyond = "VPP 17.04 has no such transform" }
        }
        return tunnel(test, VPPForm(esp: found.ours)).with {
            $0.esp = found.theirs
            $0.expectation = .tunnel(ike: agreed, esp: found.listed)
        }
    }

    /// Cases of which more is to be said than their algorithms.
    private static func special(_ test: InteropCase) -> InteropCase? {
        switch test.name {
        case "esn", "raw-esp":
            // Only strongSwan's own attempt ends with a word of its own.
            tunnel(test).with {
                $0.initiators = [.peer]
                if test.name == "esn" { $0.esp = "aes256gcm16-esn" }
            }
        case "esn-kernel": tunnel(test).with { $0.esp = "aes256gcm16-esn" }
        case "encapsulation-forced": tunnel(test, VPPForm(further: ["udp-encap"]))
        case "rekey-child-swand", "rekey-child-peer":
            tunnel(test, VPPForm(esp: "aes-gcm-16 256 esp-dh ecp-256")).with { $0.esp = "aes256gcm16-ecp256" }
        case "rekey-ike-peer": tunnel(test)
        case "no-proposal": tunnel(test).with { $0.ike = "camellia128-sha256-modp2048" }
        case "no-child-proposal": tunnel(test).with { $0.esp = "camellia128-sha256" }
        case "lossy-handshake": tunnel(test)
        default: nil
        }
    }
}
