/// The matrix for libreswan: the same cases in its words, where it can do them; for the others its limit.
package enum LibreswanCases {
    package static let all = InteropCases.all.compactMap(translated)
    package static let controls = InteropCases.controls.map { words($0).with(control) }

    /// nil: a case about strongSwan alone.
    static func translated(_ test: InteropCase) -> InteropCase? {
        // strongSwan's own ESP is not the kernel's; libreswan's is, so the cases with the kernel's are those that are meant.
        if InteropCases.all.contains(where: { $0.name == test.name + "-kernel" }) || test.name == "raw-esp-kernel" {
            return nil
        }
        let plain = words(test)
        if let change = changes[plain.name] { return plain.with(change) }
        if let reason = limits.first(where: { test.name.hasPrefix($0.prefix) })?.reason {
            return plain.with { $0.beyond = "libreswan 4.10 \(reason)" }
        }
        return plain
    }

    /// What it has no configuration for, so that there is nothing to try.
    private static let limits: [(prefix: String, reason: String)] = [
        ("childless", "has no childless IKE SAs (RFC 6023)"),
        ("cert-ed25519", "has no Ed25519"), ("cert-url", "has no certificates by hash and URL"),
        ("eap-only-ppk", "knows no post-quantum key beside EAP"), ("eap-mschapv2", "has EAP-TLS alone"),
        ("eap-ppk", "has EAP-TLS alone"),
        ("eap-wrong", "has EAP-TLS alone"),
    ]

    /// Keys of ipsec.conf that both ends take alike.
    private static let shared = ["pfs=", "esn=", "narrowing="]

    /// swand's lines are libreswan's own language: what both are to agree on is said in the same words.
    private static func words(_ test: InteropCase) -> InteropCase {
        test.with {
            $0.peer = .libreswan
            if $0.name.hasSuffix("-kernel") { $0.name.removeLast("-kernel".count) }
            $0.about = $0.about.replacing(", strongSwan on the kernel's ESP", with: "").replacing(
                "strongSwan", with: "libreswan")
            $0.needsKernelESP = true
            ($0.ike, $0.esp) = (value("ike=", in: $0.conn), value("esp=", in: $0.conn))
            $0.peerConnection = $0.conn.filter { line in shared.contains { line.hasPrefix($0) } }
            ($0.peerChild, $0.peerSettings, $0.peerPlugins, $0.peerSecrets) = ([], [], [], [])
            if $0.name.hasPrefix("nat-before") { $0.initiators = InteropSide.allCases }
        }
    }

    private static func value(_ key: String, in lines: [String]) -> String? {
        lines.first { $0.hasPrefix(key) }.map { String($0.dropFirst(key.count)) }
    }

    private static func control(_ test: inout InteropCase) {
        switch test.name {
        case "control-wrong-spi":
            test.actions[test.actions.count - 1] =
                .type(.peer, "sed -i 's/ esp\\.[0-9a-f]*@/ esp.00000bad@/g' OUTPUT/peer.sas.txt", [])
        case "control-no-spis":
            test.actions[test.actions.count - 1] = .type(.peer, "sed -i '/ike_spis@/d' OUTPUT/peer.sas.txt", [])
        default: break
        }
    }

    /// A line of pluto's log that is not debugging.
    private static func logged(_ words: String) -> InteropCase.Action {
        .type(.peer, "grep -v '^|' OUTPUT/log | grep -q '\(words)'; echo $?", ["0"])
    }

    private static func waitUntilLogged(_ words: String) -> InteropCase.Action {
        .wait(.peer, until: words, in: "grep -v '^|' OUTPUT/log")
    }

    /// The attempt fails; of libreswan's words when it initiates.
    private static func refused(_ words: String) -> @Sendable (inout InteropCase) -> Void {
        {
            guard case .upFails(let swand, _) = $0.actions.first else { return }
            $0.actions = [.upFails(swand: swand, peer: words)]
        }
    }

    private static let rejected = refused("IKE SA authentication request rejected by peer: AUTHENTICATION_FAILED")

    /// As neither end does it take the other's address for the one that it sees: as responder it refuses swand's selectors, as
    /// initiator it rejects swand's response. Of both, swand's log has to show that swand was not the one who refused.
    private static let noTransportNAT: @Sendable (inout InteropCase) -> Void = {
        $0.expectation = .unsupported(
            says: "No IKEv2 connection found with compatible Traffic Selectors",
            asInitiator: "IKE SA established but initiator rejected Child SA response"
        )
        $0.actions = [
            .attempt,
            .type(
                .swand,
                "grep -q 'responder established Child SA\\|response rejected Child SA with TS_UNACC' /tmp/pluto.log; echo $?",
                ["0"]),
        ]
    }

    private static func certified(_ authby: String, says: String) -> @Sendable (inout InteropCase) -> Void {
        {
            $0.certificates?.authby = authby
            $0.actions = InteropCase.standardActions + [logged("authenticated peer .*\(says)")]
        }
    }

    /// Over TLS 1.3 it sends EAP Success without the commitment message of RFC 9190 §2.5, and swand goes no further.
    private static let noCommitment: @Sendable (inout InteropCase) -> Void = {
        $0.initiators = [.swand]
        $0.certificates = InteropCase.Certificates("rsa", authby: "rsa-sha2_256")
        $0.expectation = .unsupported(says: "responding with EAP termination code 3")
        $0.actions = [
            .attempt,
            .type(.swand, "grep -q 'EAP: .*: Success before the method was through' /tmp/pluto.log; echo $?", ["0"]),
        ]
    }

    private static let hasFragments: [InteropCase.Action] = [
        .type(.peer, "grep -q '^| recording fragment 2' OUTPUT/log; echo $?", ["0"]),
        .type(.peer, "grep -q '^| reassembling incoming fragments' OUTPUT/log; echo $?", ["0"]),
    ]

    private static func ppk(_ name: String, policy: String) -> @Sendable (inout InteropCase) -> Void {
        {
            $0.peerConnection = ["ppk=\(policy)"]
            $0.peerSecrets = [
                "@\($0.peerID) @\($0.swandID) : PPKS \"\(name)\" \"\(InteropCases.postQuantumSecret)\""
            ]
        }
    }

    /// What is typed on strongSwan's host, or waits for how it does things, is not for libreswan.
    private static func moved(_ test: inout InteropCase, to address: String) {
        test.actions = test.actions.filter { action in
            switch action {
            case .type(.peer, let command, _): command.hasPrefix("ip ")
            case .type(_, let command, _):
                !command.contains("responder rekeyed Child SA") && !command.hasPrefix("grep -o 'success")
            default: true
            }
        }
        test.actions.append(.type(.peer, "ip xfrm state | grep -c 'src.*\(address)'", ["2"]))
    }

    /// By case: what else is different.
    private static let changes: [String: @Sendable (inout InteropCase) -> Void] = [
        "transport-nat-before-swand": noTransportNAT, "transport-nat-before-peer": noTransportNAT,
        "fragments": { $0.actions = InteropCase.standardActions + hasFragments },
        "fragments-ipv6": {
            // It cannot start its updown script with names of more than some 450 octets.
            ($0.swandID, $0.peerID) = (
                String(repeating: "w", count: 430) + ".example.com", String(repeating: "e", count: 430) + ".example.com"
            )
            // Its answer has one name alone, and fits.
            $0.initiators = [.peer]
            $0.actions = InteropCase.standardActions + hasFragments.dropLast()
        },
        "childless-preferred": { $0.actions = InteropCase.standardActions },
        "other-group": { $0.ike = "aes_gcm256-sha2_256;dh14" },
        "other-group-peer": { $0.ike = "aes_gcm256-sha2_256;dh19,aes_gcm256-sha2_256;dh14" },
        "cookies-peer": {
            $0.peerSettings = ["ddos-mode=busy"]
            ($0.conn, $0.impairments) = ([], [])
            $0.actions =
                InteropCase.standardActions + [
                    .type(
                        .peer,
                        "grep -q 'responding to IKE_SA_INIT with cookie notification request' OUTPUT/log; echo $?",
                        ["0"])
                ]
        },
        "cookies-swand": {
            $0.actions = InteropCase.standardActions + [logged("received anti-DDOS COOKIE response, resending")]
        },
        // Its connection is one that stays up: it comes back by itself, with SAs of its own.
        "delete-by-responder-swand": {
            $0.about = "swand deletes what libreswan made, and libreswan makes it anew"
            $0.actions =
                InteropCase.standardActions.dropLast() + [
                    .delete(.swand),
                    .wait(.peer, until: "#4.*ESTABLISHED_CHILD_SA", in: "ipsec showstates"),
                    .ping(count: 5, octets: 56), .compare,
                ]
        },
        "two-children": {
            $0.actions = [
                .up, .ping(count: 5, octets: 56), .upSecond, .pingSecond(count: 5), .ping(count: 5, octets: 56),
                .compare, .type(.peer, "ipsec showstates | grep -c ESTABLISHED_IKE_SA", ["1"]),
                .type(.peer, "ipsec showstates | grep -c ESTABLISHED_CHILD_SA", ["2"]),
                .type(.swand, "ipsec down w2 >OUTPUT/ours.down.txt 2>&1; echo $?", ["0"]),
                .type(.peer, "ipsec showstates | grep -c ESTABLISHED_CHILD_SA", ["1"]), .ping(count: 5, octets: 56),
            ]
        },
        "liveness": {
            $0.peerConnection = ["dpddelay=1s"]
            func seen(_ word: String) -> InteropCase.Action {
                .wait(.peer, until: "received an INFORMATIONAL liveness check \(word)", in: "cat OUTPUT/log")
            }
            $0.actions = [
                .up, .ping(count: 2, octets: 56), seen("request"), seen("response"), .ping(count: 2, octets: 56),
                .compare,
            ]
        },
        "liveness-cut-link": {
            $0.peerConnection = [
                "dpddelay=1s", "dpdaction=clear", "retransmit-interval=100", "retransmit-timeout=2s",
            ]
            $0.actions =
                $0.actions.dropLast() + [
                    .type(.peer, "../../guestbin/wait-for.sh --no-match ESTABLISHED -- ipsec showstates", [])
                ]
        },
        "lossy-handshake": { $0.peerConnection = ["retransmit-interval=300"] },
        "wrong-psk": rejected,
        "no-proposal": {
            ($0.ike, $0.peerConnection) = ("aes128-sha1;dh14", ["retransmit-interval=100", "retransmit-timeout=1s"])
            refused("NO_PROPOSAL_CHOSEN")(&$0)
        },
        "wrong-ppk": {
            ppk("A", policy: "insist")(&$0)
            rejected(&$0)
        },
        "no-child-proposal": {
            $0.esp = "aes128-sha1"
            refused("NO_PROPOSAL_CHOSEN")(&$0)
        },
        "no-selectors": refused("TS_UNACCEPTABLE"),
        "pfs-wrong-group-swand": {
            $0.esp = "aes_gcm256;dh15"
            $0.actions[3] = waitUntilLogged(
                "responding to CREATE_CHILD_SA .* \\(NO_PROPOSAL_CHOSEN\\|INVALID_KE_PAYLOAD\\)")
        },
        "pfs-wrong-group": {
            $0.esp = "aes_gcm256;dh15"
            // whack would wait for what has failed.
            $0.actions[2] = .type(
                .peer, "ipsec whack --rekey-ipsec --name w --asynchronous >OUTPUT/peer.rekey.txt 2>&1; echo $?", ["0"])
            $0.actions[3] = waitUntilLogged("CREATE_CHILD_SA failed with error notification NO_PROPOSAL_CHOSEN")
        },
        "ppk": {
            ppk("A", policy: "insist")(&$0)
            $0.actions =
                InteropCase.standardActions + [
                    .type(.peer, "grep -q 'PPK AUTH calculated as' OUTPUT/log; echo $?", ["0"])
                ]
        },
        "ppk-none": {
            ppk("Z", policy: "propose")(&$0)
            $0.actions =
                InteropCase.standardActions + [
                    .type(.peer, "grep -q 'PPK AUTH calculated as' OUTPUT/log; echo $?", ["1"])
                ]
        },
        "mobike-swand-moves": {
            moved(&$0, to: "192.1.2.46")
            $0.actions.append(
                .type(
                    .swand, "grep -o 'success MOBIKE.*' /tmp/pluto.log",
                    ["success MOBIKE update local address 192.1.2.45:500 -> 192.1.2.46:500"]))
        },
        // It answers swand's path check without the cookie (RFC 4555 §3.7), and swand ends the IKE SA, as it must.
        "mobike-peer-moves": {
            $0.expectation = .unsupported(says: "MOBIKE request: not updating IPsec SA")
            $0.actions =
                $0.actions.prefix { if case .ping(10, _) = $0 { false } else { true } }
                .filter { if case .type(.swand, _, _) = $0 { false } else { true } }
                + [waitUntilLogged("success MOBIKE update")]
        },
        "cert-rsa": {
            certified("rsa-sha1", says: "signature using")(&$0)
            $0.about = "certificates, RSA, PKCS #1 with SHA-1 (method 1)"
        },
        "cert-rsa-pss": certified("rsa-sha2_256", says: "RSASSA-PSS with SHA2_256"),
        "cert-ecdsa": certified("ecdsa-sha2_256", says: "ECDSA with SHA2_256"),
        "cert-chain": certified("ecdsa-sha2_256", says: "ECDSA with SHA2_256"),
        "cert-rsa-fragments": {
            certified("rsa-sha2_256", says: "RSASSA-PSS with SHA2_256")(&$0)
            $0.actions += hasFragments
        },
        "cert-revoked": rejected,
        "eap-tls": noCommitment, "eap-only": noCommitment,
    ]
}
