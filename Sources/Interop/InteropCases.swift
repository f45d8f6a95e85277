/// The list of cases. A new one is an entry here and nothing else.
package enum InteropCases {
    package static let all: [InteropCase] =
        groups + ikeCiphers + ikeIntegrity + espCiphers + espIntegrity + shapes
        + lives + failures + peculiarities + signatures + eap

    /// A tunnel with exactly one choice for the IKE SA.
    private static func ike(
        _ name: String, _ about: String, swand: String, peer: String, agreed: String
    ) -> InteropCase {
        InteropCase(name, about).with {
            $0.conn = ["ike=\(swand)", "esp=aes_gcm256"]
            ($0.ike, $0.esp) = (peer, "aes256gcm16")
            $0.expectation = .tunnel(ike: agreed, esp: "AES_GCM_16-256")
        }
    }

    /// A tunnel with exactly one choice for the Child SA.
    private static func esp(
        _ name: String, _ about: String, swand: String, peer: String, agreed: String
    ) -> InteropCase {
        InteropCase(name, about).with {
            $0.conn = ["ike=aes_gcm256-sha2_256;dh31", "esp=\(swand)"]
            ($0.ike, $0.esp) = ("aes256gcm16-prfsha256-curve25519", peer)
            $0.expectation = .tunnel(ike: nil, esp: agreed)
        }
    }

    /// Diffie-Hellman groups: swand's name, strongSwan's, and strongSwan's in a listing.
    static let groups: [InteropCase] = [
        ("dh5", "modp1536", "MODP_1536"), ("dh14", "modp2048", "MODP_2048"), ("dh15", "modp3072", "MODP_3072"),
        ("dh16", "modp4096", "MODP_4096"), ("dh17", "modp6144", "MODP_6144"), ("dh18", "modp8192", "MODP_8192"),
        ("dh19", "ecp256", "ECP_256"), ("dh20", "ecp384", "ECP_384"), ("dh21", "ecp521", "ECP_521"),
        ("dh31", "curve25519", "CURVE_25519"),
    ].map { ours, theirs, listed in
        ike(
            "group-\(theirs)", "key exchange with \(listed)", swand: "aes_gcm256-sha2_256;\(ours)",
            peer: "aes256gcm16-prfsha256-\(theirs)", agreed: "AES_GCM_16-256/PRF_HMAC_SHA2_256/\(listed)")
    }

    static let ikeCiphers: [InteropCase] = [
        ("3des-sha2_256", "3des-sha256", "3DES_CBC/HMAC_SHA2_256_128"),
        ("aes128-sha2_256", "aes128-sha256", "AES_CBC-128/HMAC_SHA2_256_128"),
        ("aes192-sha2_256", "aes192-sha256", "AES_CBC-192/HMAC_SHA2_256_128"),
        ("aes256-sha2_256", "aes256-sha256", "AES_CBC-256/HMAC_SHA2_256_128"),
        ("aes_ctr256-sha2_256", "aes256ctr-sha256", "AES_CTR-256/HMAC_SHA2_256_128"),
        ("camellia256-sha2_256", "camellia256-sha256", "CAMELLIA_CBC-256/HMAC_SHA2_256_128"),
        ("aes_gcm_a128-sha2_256", "aes128gcm8-prfsha256", "AES_GCM_8-128"),
        ("aes_gcm_b192-sha2_256", "aes192gcm12-prfsha256", "AES_GCM_12-192"),
        ("aes_gcm128-sha2_256", "aes128gcm16-prfsha256", "AES_GCM_16-128"),
        ("chacha20_poly1305-sha2_256", "chacha20poly1305-prfsha256", "CHACHA20_POLY1305"),
    ].map { ours, theirs, listed in
        ike(
            "ike-\(theirs)", "IKE SA with \(listed)", swand: "\(ours);dh31", peer: "\(theirs)-curve25519",
            agreed: "\(listed)/PRF_HMAC_SHA2_256/CURVE_25519")
    }

    /// Integrity and PRF of the IKE SA.
    static let ikeIntegrity: [InteropCase] = [
        ("md5", "md5", "HMAC_MD5_96/PRF_HMAC_MD5"), ("sha1", "sha1", "HMAC_SHA1_96/PRF_HMAC_SHA1"),
        ("sha2_384", "sha384", "HMAC_SHA2_384_192/PRF_HMAC_SHA2_384"),
        ("sha2_512", "sha512", "HMAC_SHA2_512_256/PRF_HMAC_SHA2_512"),
        ("aes_xcbc", "aesxcbc-prfaesxcbc", "AES_XCBC_96/PRF_AES128_XCBC"),
    ].map { ours, theirs, listed in
        ike(
            "ike-aes128-\(theirs)", "IKE SA with \(listed)", swand: "aes128-\(ours);dh31",
            peer: "aes128-\(theirs)-curve25519", agreed: "AES_CBC-128/\(listed)/CURVE_25519")
    }

    static let espCiphers: [InteropCase] = [
        ("3des-sha2_256", "3des-sha256", "3DES_CBC/HMAC_SHA2_256_128"),
        ("aes128-sha2_256", "aes128-sha256", "AES_CBC-128/HMAC_SHA2_256_128"),
        ("aes192-sha2_256", "aes192-sha256", "AES_CBC-192/HMAC_SHA2_256_128"),
        ("aes256-sha2_256", "aes256-sha256", "AES_CBC-256/HMAC_SHA2_256_128"),
        ("aes_ctr256-sha2_256", "aes256ctr-sha256", "AES_CTR-256/HMAC_SHA2_256_128"),
        ("camellia256-sha2_256", "camellia256-sha256", "CAMELLIA_CBC-256/HMAC_SHA2_256_128"),
        ("null-sha2_256", "null-sha256", "NULL/HMAC_SHA2_256_128"),
        ("aes_ccm_a128", "aes128ccm8", "AES_CCM_8-128"), ("aes_ccm_b192", "aes192ccm12", "AES_CCM_12-192"),
        ("aes_ccm256", "aes256ccm16", "AES_CCM_16-256"), ("aes_gcm_a128", "aes128gcm8", "AES_GCM_8-128"),
        ("aes_gcm_b192", "aes192gcm12", "AES_GCM_12-192"), ("aes_gcm128", "aes128gcm16", "AES_GCM_16-128"),
        ("chacha20_poly1305", "chacha20poly1305", "CHACHA20_POLY1305"),
    ].map { ours, theirs, listed in
        esp("esp-\(theirs)", "Child SA with \(listed)", swand: ours, peer: theirs, agreed: listed)
    }

    static let espIntegrity: [InteropCase] = [
        ("md5", "md5", "HMAC_MD5_96"), ("sha1", "sha1", "HMAC_SHA1_96"), ("sha2_384", "sha384", "HMAC_SHA2_384_192"),
        ("sha2_512", "sha512", "HMAC_SHA2_512_256"), ("aes_xcbc", "aesxcbc", "AES_XCBC_96"),
        ("aes_cmac", "aescmac", "AES_CMAC_96"),
    ].map { ours, theirs, listed in
        esp(
            "esp-aes128-\(theirs)", "Child SA with \(listed)", swand: "aes128-\(ours)", peer: "aes128-\(theirs)",
            agreed: "AES_CBC-128/\(listed)")
    }

    /// Identities that make IKE_AUTH longer than a packet may be, and no longer than swanctl can take them (512 octets).
    private static func fragments(_ name: String, _ about: String) -> InteropCase {
        InteropCase(name, about).with {
            $0.swandID = String(repeating: "w", count: 480) + ".example.com"
            $0.peerID = String(repeating: "e", count: 480) + ".example.com"
            $0.peerSettings = ["fragment_size = 600"]
            $0.actions += [
                .type(.peer, "grep -q 'generating IKE_AUTH re.* EF(2/' OUTPUT/log; echo $?", ["0"])
            ]
        }
    }

    /// Transport mode through a NAT (RFC 7296 §2.23.1), in the Child SA that comes up and in what either end puts in its place.
    private static func transportNAT(before hidden: InteropSide) -> InteropCase {
        let (here, who) = hidden == .swand ? ("192.1.2.23", "swand") : (InteropCell.outsideNAT, "strongSwan")
        let pings = InteropCase.Action.type(
            .swand, "for i in {1..3}; do ping -n -q -W 3 -c 1 \(here); done | grep -c ' 1 received'", ["3"])
        // TCP's checksum is over the addresses that its sender sees.
        let page = InteropCase.Action.type(.swand, "curl -s http://\(here)/page | wc -c", ["100000"])
        return InteropCase(
            "transport-nat-before-\(hidden)-kernel",
            "transport mode, \(who) behind a NAT, strongSwan on the kernel's ESP"
        ).with {
            noPFS(&$0)
            ($0.needsKernelESP, $0.isTransport, $0.nat) = (true, true, .before(hidden))
            $0.actions = [
                .up, pings, .type(.peer, "ip xfrm state | grep -c 'mode transport'", ["2"]),
                .type(.peer, "ip xfrm state | grep -c 'encap type espinudp '", ["2"]),
                .type(.peer, "mkdir /tmp/www; head -c 100000 /dev/zero >/tmp/www/page", []),
                .type(.peer, "../../guestbin/http-server.sh --start /tmp/www", []), page, .rekeyChild(.swand), pings,
                .rekeyChild(.peer), page, .type(.peer, "../../guestbin/http-server.sh --stop", []), .compare,
            ]
        }
    }

    /// Addresses, NATs, sizes, selectors, modes.
    static let shapes: [InteropCase] = [
        InteropCase("defaults", "both with their own proposals"),
        InteropCase("ipv6", "IPv6 in IPv6").with { $0.family = .v6 },
        InteropCase("ipv4-in-ipv6", "IPv4 in IPv6").with { $0.family = .v4InV6 },
        InteropCase("ipv6-in-ipv4", "IPv6 in IPv4").with { $0.family = .v6InV4 },
        InteropCase("nat-before-swand", "swand behind a NAT").with {
            $0.nat = .before(.swand)
            $0.initiators = [.swand]
        },
        InteropCase("nat-before-peer", "strongSwan behind a NAT").with {
            $0.nat = .before(.peer)
            $0.initiators = [.peer]
        },
        InteropCase("encapsulation-forced", "swand insists on UDP without a NAT").with {
            $0.conn = ["encapsulation=yes"]
        },
        fragments("fragments", "IKE_AUTH in fragments both ways (RFC 7383)").with {
            $0.actions += [
                .type(.peer, "grep -q 'received fragment #2 of' OUTPUT/log; echo $?", ["0"])
            ]
        },
        // swand keeps to packets of 1280 octets there, and needs no fragments itself.
        fragments("fragments-ipv6", "IKE_AUTH in strongSwan's fragments, over IPv6").with { $0.family = .v6 },
        InteropCase("narrowing", "strongSwan's network is wider, and is narrowed to swand's").with {
            $0.peerOwnSubnet = "192.0.0.0/16"
            $0.conn = ["narrowing=yes"]
        },
        InteropCase("narrowing-swand", "swand's idea of strongSwan's network is wider, and is narrowed").with {
            $0.peerOwnSubnet = "192.0.2.128/25"
            $0.conn = ["narrowing=yes"]
        },
        InteropCase("transport", "transport mode").with {
            $0.isTransport = true
            $0.expectation = .unsupported(says: "IPsec SA: unsupported mode")
            $0.actions = [.attempt]
        },
        InteropCase("esn", "extended sequence numbers").with {
            $0.conn = ["esp=aes_gcm256", "esn=yes"]
            $0.esp = "aes256gcm16-esn"
            $0.expectation = .unsupported(says: "IPsec SA: ESN not supported")
            $0.actions = [.attempt]
        },
        // Since 5.9.11 it can be told to (kernel-libipsec.raw_esp); before, it pretends a NAT whenever it is loaded.
        InteropCase("raw-esp", "ESP as IP protocol 50").with {
            $0.expectation = .unsupported(says: "faking NAT situation to enforce UDP encapsulation")
            $0.actions = [.attempt]
        },
        InteropCase("transport-kernel", "transport mode, strongSwan on the kernel's ESP").with {
            ($0.needsKernelESP, $0.isTransport) = (true, true)
            $0.actions = [
                .up,
                .type(
                    .swand, "for i in {1..5}; do ping -n -q -W 3 -c 1 192.1.2.23; done | grep -c ' 1 received'", ["5"]),
                .type(.peer, "ip xfrm state | grep -c 'mode transport'", ["2"]), .compare,
            ]
        },
        transportNAT(before: .swand), transportNAT(before: .peer),
        InteropCase("esn-kernel", "extended sequence numbers, strongSwan on the kernel's ESP").with {
            $0.needsKernelESP = true
            $0.conn = ["esp=aes_gcm256", "esn=yes"]
            $0.esp = "aes256gcm16-esn"
            $0.actions.append(.type(.peer, "ip xfrm state | grep -c 'flag.* esn'", ["2"]))
        },
        InteropCase("raw-esp-kernel", "ESP as IP protocol 50, strongSwan on the kernel's ESP").with {
            $0.needsKernelESP = true
            $0.actions.append(.type(.peer, "ip xfrm state | grep -c encap", ["0"]))
        },
    ]

    private static let pfs: @Sendable (inout InteropCase) -> Void = {
        $0.conn = ["ike=aes_gcm256-sha2_256;dh31", "esp=aes_gcm256;dh31"]
        ($0.ike, $0.esp) = ("aes256gcm16-prfsha256-curve25519", "aes256gcm16-curve25519")
        $0.expectation = .tunnel(ike: "AES_GCM_16-256/PRF_HMAC_SHA2_256/CURVE_25519", esp: "AES_GCM_16-256")
    }
    private static let noPFS: @Sendable (inout InteropCase) -> Void = {
        $0.conn = ["ike=aes_gcm256-sha2_256;dh31", "esp=aes_gcm256", "pfs=no"]
        ($0.ike, $0.esp) = ("aes256gcm16-prfsha256-curve25519", "aes256gcm16")
        $0.expectation = .tunnel(ike: "AES_GCM_16-256/PRF_HMAC_SHA2_256/CURVE_25519", esp: "AES_GCM_16-256")
    }
    private static let childless: [InteropCase.Action] =
        InteropCase.standardActions + [
            .type(.peer, "grep -q 'IKE_AUTH re.* TSi TSr' OUTPUT/log; echo $?", ["1"]),
            .type(.peer, "grep -q 'CREATE_CHILD_SA re.* TSi TSr' OUTPUT/log; echo $?", ["0"]),
        ]
    private static func around(_ middle: InteropCase.Action...) -> [InteropCase.Action] {
        [.up, .ping(count: 5, octets: 56)] + middle + [.ping(count: 10, octets: 56), .compare]
    }

    /// What becomes of SAs that stand.
    static let lives: [InteropCase] = [
        InteropCase("rekey-child-swand", "swand replaces the Child SA, with PFS").with {
            pfs(&$0)
            $0.actions = around(.rekeyChild(.swand))
        },
        InteropCase("rekey-child-peer", "strongSwan replaces the Child SA, with PFS").with {
            pfs(&$0)
            $0.actions = around(.rekeyChild(.peer))
        },
        InteropCase("rekey-child-swand-no-pfs", "swand replaces the Child SA, without PFS").with {
            noPFS(&$0)
            $0.actions = around(.rekeyChild(.swand))
        },
        InteropCase("rekey-child-peer-no-pfs", "strongSwan replaces the Child SA, without PFS").with {
            noPFS(&$0)
            $0.actions = around(.rekeyChild(.peer))
        },
        InteropCase("rekey-ike-swand", "swand replaces the IKE SA").with {
            pfs(&$0)
            $0.actions = around(.rekeyIKE(.swand))
        },
        InteropCase("rekey-ike-peer", "strongSwan replaces the IKE SA").with {
            pfs(&$0)
            $0.actions = around(.rekeyIKE(.peer))
        },
        InteropCase("rekey-both-twice", "either end replaces both, one after the other").with {
            pfs(&$0)
            $0.actions = around(.rekeyChild(.swand), .rekeyIKE(.peer), .rekeyChild(.peer), .rekeyIKE(.swand))
        },
        InteropCase("childless", "the first Child SA has an exchange of its own, with PFS (RFC 6023)").with {
            pfs(&$0)
            $0.conn.append("childless=force")
            $0.peerConnection = ["childless = force"]
            $0.actions = childless
        },
        InteropCase("childless-preferred", "swand prefers it, and strongSwan can do without").with {
            pfs(&$0)
            $0.conn.append("childless=prefer")
            $0.initiators = [.swand]
            $0.actions = childless
        },
        InteropCase("childless-refused", "who initiates insists on it, and the other end has switched it off").with {
            $0.conn = ["childless=never"]
            $0.peerConnection = ["childless = force"]
            $0.initiators = [.peer]
            $0.expectation = .noTunnel
            $0.actions = [.upFails(swand: "", peer: "peer does not support childless IKE_SA initiation")]
        },
        InteropCase("other-group", "the initiator guesses the group wrong (INVALID_KE_PAYLOAD)").with {
            $0.conn = ["ike=aes_gcm256-sha2_256;dh19,aes_gcm256-sha2_256;dh14"]
            $0.ike = "aes256gcm16-prfsha256-modp2048"
            $0.initiators = [.swand]
            $0.expectation = .tunnel(ike: "AES_GCM_16-256/PRF_HMAC_SHA2_256/MODP_2048", esp: nil)
        },
        InteropCase("other-group-peer", "strongSwan guesses the group wrong (INVALID_KE_PAYLOAD)").with {
            $0.conn = ["ike=aes_gcm256-sha2_256;dh14"]
            $0.ike = "aes256gcm16-prfsha256-ecp256-modp2048"
            $0.initiators = [.peer]
            $0.expectation = .tunnel(ike: "AES_GCM_16-256/PRF_HMAC_SHA2_256/MODP_2048", esp: nil)
        },
        InteropCase("cookies-peer", "strongSwan, with an IKE SA half open, asks for a cookie").with {
            $0.peerSettings = ["cookie_threshold = 1", "cookie_threshold_ip = 1"]
            $0.conn = ["retransmit-interval=100", "retransmit-timeout=1s"]
            // The first IKE SA gets no further than IKE_AUTH; swand takes it up again, and is asked.
            $0.impairments = ["{link: \"192_1_2\", message: IKE_AUTH request, nth: [1, 2, 3, 4, 5], action: drop}"]
            $0.initiators = [.swand]
            $0.actions =
                [
                    .type(.swand, "ipsec up w >OUTPUT/ours.up.txt 2>&1", []),
                    .wait(.swand, until: "ESTABLISHED_CHILD_SA", in: "ipsec showstates"),
                ] + InteropCase.standardActions.dropFirst() + [
                    .type(
                        .peer, "grep -q 'generating IKE_SA_INIT response 0 . N(COOKIE)' OUTPUT/log; echo $?", ["0"])
                ]
        },
        InteropCase("cookies-swand", "swand asks for a cookie").with {
            $0.setup = ["ddos-mode=busy"]
            $0.initiators = [.peer]
            $0.actions =
                InteropCase.standardActions + [
                    .type(.peer, "grep -q 'parsed IKE_SA_INIT response 0 . N(COOKIE)' OUTPUT/log; echo $?", ["0"])
                ]
        },
        InteropCase("delete-by-initiator", "the initiator deletes").with {
            $0.actions = InteropCase.standardActions + [.delete(.swand), .nothingLeft]
            $0.initiators = [.swand]
        },
        InteropCase("delete-by-peer", "strongSwan deletes what it made").with {
            $0.actions = InteropCase.standardActions + [.delete(.peer), .nothingLeft]
            $0.initiators = [.peer]
        },
        InteropCase("delete-by-responder-swand", "swand deletes what strongSwan made").with {
            $0.actions = InteropCase.standardActions + [.delete(.swand), .nothingLeft]
            $0.initiators = [.peer]
        },
        // swand's connection is one that stays up: it comes back by itself, with SAs of its own.
        InteropCase("delete-by-responder-peer", "strongSwan deletes what swand made, and swand makes it anew").with {
            $0.initiators = [.swand]
            $0.actions =
                InteropCase.standardActions.dropLast() + [
                    .delete(.peer),
                    .wait(.swand, until: "#4.*ESTABLISHED_CHILD_SA", in: "ipsec showstates"),
                    .ping(count: 5, octets: 56), .compare,
                ]
        },
        InteropCase("two-children", "a second Child SA in the same IKE SA; it ends, and the first stays").with {
            noPFS(&$0)
            $0.hasSecond = true
            $0.actions = [
                .up, .ping(count: 5, octets: 56), .upSecond, .pingSecond(count: 5), .ping(count: 5, octets: 56),
                .compare,
                .type(.peer, "grep -c '^list-sa event' OUTPUT/peer.sas.txt", ["1"]),
                .type(.peer, "grep -o 'state=INSTALLED' OUTPUT/peer.sas.txt | wc -l", ["2"]),
                .type(.swand, "ipsec down w2 >OUTPUT/ours.down.txt 2>&1; echo $?", ["0"]),
                .type(.peer, "swanctl --list-sas --raw | grep -o 'state=INSTALLED' | wc -l", ["1"]),
                .ping(count: 5, octets: 56),
            ]
        },
        InteropCase("liveness", "both ask for signs of life and get them (RFC 7296 §2.4)").with {
            $0.conn = ["dpddelay=1s"]
            $0.peerConnection = ["dpd_delay = 1s"]
            $0.actions = [
                .up, .ping(count: 2, octets: 56),
                .wait(.peer, until: "parsed INFORMATIONAL re", in: "cat OUTPUT/log"),
                .ping(count: 2, octets: 56), .compare,
            ]
        },
        InteropCase("liveness-cut-link", "a link is cut, and both find out").with {
            $0.conn = ["dpddelay=1s", "retransmit-interval=100", "retransmit-timeout=2s"]
            $0.peerConnection = ["dpd_delay = 1s"]
            $0.peerChild = ["dpd_action = clear"]
            $0.peerSettings = ["retransmit_timeout = 0.2", "retransmit_tries = 2"]
            $0.actions = [
                .up, .ping(count: 5, octets: 56), .compare, .type(.swand, "ip link set eth1 down", []),
                .type(.swand, "../../guestbin/wait-for.sh --no-match ESTABLISHED -- ipsec showstates", []),
                .type(.peer, "../../guestbin/wait-for.sh --no-match ESTABLISHED -- swanctl --list-sas", []),
            ]
        },
        InteropCase("lossy-handshake", "the first of every message is lost").with {
            $0.impairments = [
                "{link: \"192_1_2\", message: IKE_SA_INIT request, nth: 1, action: drop}",
                "{link: \"192_1_2\", message: IKE_SA_INIT response, nth: 1, action: drop}",
                "{link: \"192_1_2\", message: IKE_AUTH request, nth: 1, action: drop}",
                "{link: \"192_1_2\", message: IKE_AUTH response, nth: 1, action: drop}",
            ]
            $0.conn = ["retransmit-interval=100"]
            $0.peerSettings = ["retransmit_timeout = 0.3"]
        },
    ]

    /// What must fail, and for the right reason.
    static let failures: [InteropCase] = [
        InteropCase("wrong-psk", "the shared keys differ").with {
            $0.peerSecret = "another secret"
            $0.expectation = .refused(notify: "AUTHENTICATION_FAILED")
            $0.actions = [
                .upFails(swand: "AUTHENTICATION_FAILED", peer: "received AUTHENTICATION_FAILED notify error")
            ]
        },
        InteropCase("no-proposal", "no proposal for the IKE SA in common").with {
            $0.conn = ["ike=aes_gcm256-sha2_256;dh19", "retransmit-interval=100", "retransmit-timeout=1s"]
            $0.ike = "aes128-sha1-modp2048"
            $0.expectation = .refused(notify: "NO_PROPOSAL_CHOSEN")
            $0.actions = [
                .upFails(swand: "NO_PROPOSAL_CHOSEN", peer: "received NO_PROPOSAL_CHOSEN notify error")
            ]
        },
        InteropCase("wrong-ppk", "the post-quantum keys differ (RFC 8784)").with {
            ppk(&$0, policy: "insist", required: "yes", swand: "another secret of the same name")
            $0.expectation = .refused(notify: "AUTHENTICATION_FAILED")
            $0.actions = [
                .upFails(swand: "AUTHENTICATION_FAILED", peer: "received AUTHENTICATION_FAILED notify error")
            ]
        },
        InteropCase("no-child-proposal", "no proposal for the Child SA in common").with {
            $0.conn = ["esp=aes_gcm256"]
            $0.esp = "aes128-sha1"
            $0.expectation = .refused(notify: "NO_PROPOSAL_CHOSEN")
            $0.actions = [
                .upFails(swand: "rejected Child SA with NO_PROPOSAL_CHOSEN", peer: "received NO_PROPOSAL_CHOSEN notify")
            ]
        },
        InteropCase("no-selectors", "no traffic selectors in common").with {
            $0.peerOwnSubnet = "10.9.0.0/16"
            $0.expectation = .refused(notify: "TS_UNACCEPTABLE")
            $0.actions = [
                .upFails(swand: "rejected Child SA with TS_UNACCEPTABLE", peer: "received TS_UNACCEPTABLE notify")
            ]
        },
        InteropCase("pfs-wrong-group-swand", "swand replaces the Child SA with a group that strongSwan has not").with {
            $0.conn = ["esp=aes_gcm256;dh19"]
            $0.esp = "aes256gcm16-modp3072"
            $0.expectation = .tunnel(ike: nil, esp: "AES_GCM_16-256")
            $0.actions = [
                .up, .ping(count: 5, octets: 56),
                .type(.swand, "ipsec whack --rekey-child --name w >OUTPUT/ours.rekey.txt 2>&1", []),
                .wait(.peer, until: "NO_PROP\\|INVAL_KE", in: "cat OUTPUT/log"),
                .ping(count: 5, octets: 56), .compare,
            ]
        },
        InteropCase("pfs-wrong-group", "the Child SA is to be replaced with a group that the other has not").with {
            $0.conn = ["esp=aes_gcm256;dh19"]
            $0.esp = "aes256gcm16-modp3072"
            $0.expectation = .tunnel(ike: nil, esp: "AES_GCM_16-256")
            $0.initiators = [.peer]
            $0.actions = [
                .up, .ping(count: 5, octets: 56),
                .type(.peer, "swanctl --rekey --child net | grep -c 'rekey completed successfully'", ["1"]),
                .wait(.peer, until: "CHILD_SA rekeying failed", in: "cat OUTPUT/log"),
                .ping(count: 5, octets: 56), .compare,
            ]
        },
    ]

    // MARK: Addresses, post-quantum keys, mobility

    /// - Parameter swand: swand's key of the name that both know.
    static func ppk(
        _ test: inout InteropCase, policy: String, required: String, swand: String = postQuantumSecret,
        known: String = "A"
    ) {
        test.conn = ["ppk=\(policy)"]
        test.swandSecrets = ["@\(test.swandID) @\(test.peerID) : PPKS \"A\" \"\(swand)\""]
        test.peerConnection = ["ppk_id = A", "ppk_required = \(required)"]
        test.peerSecrets = ["ppk-a {", "    id-1 = \(known)", "    secret = \(postQuantumSecret)", "}"]
    }
    static let postQuantumSecret = "0123456789abcdef0123456789abcdef"

    /// One end gives the other an address of a pool.
    private static func lent(_ giver: InteropSide, _ family: InteropCase.Family) -> InteropCase {
        let (name, other) = giver == .swand ? ("swand", "strongSwan") : ("peer", "swand")
        let words = family == .v4 ? ("", "IPv4") : ("-ipv6", "IPv6")
        return InteropCase(
            "address-from-\(name)\(words.0)",
            "\(giver == .swand ? "swand" : "strongSwan") gives \(other) an \(words.1) address of its pool"
        ).with {
            $0.family = family
            $0.addressGiver = giver
            $0.initiators = [giver.other]
        }
    }

    /// What an end gives or keeps beyond SAs: addresses, a post-quantum key, a way to a peer that moves.
    static let peculiarities: [InteropCase] =
        [lent(.swand, .v4), lent(.swand, .v6), lent(.peer, .v4), lent(.peer, .v6)] + [
            InteropCase("ppk", "a post-quantum key that both insist on (RFC 8784)").with {
                ppk(&$0, policy: "insist", required: "yes")
                $0.actions += [.type(.peer, "grep -o 'ppk=yes' OUTPUT/peer.sas.txt", ["ppk=yes"])]
            },
            InteropCase("ppk-none", "strongSwan has no such post-quantum key, and both go on without").with {
                ppk(&$0, policy: "propose", required: "no", known: "Z")
                $0.initiators = [.swand]
                $0.actions += [.type(.peer, "grep -c 'ppk=yes' OUTPUT/peer.sas.txt", ["0"])]
            },
            // kernel-libipsec cannot move a Child SA: charon replaces it as soon as the addresses have changed.
            InteropCase("mobike-swand-moves", "swand's address changes (RFC 4555)").with {
                noPFS(&$0)
                $0.mover = .swand
                $0.initiators = [.swand]
                $0.actions =
                    moving(.swand, from: "192.1.2.45", to: "192.1.2.46") + [
                        .type(
                            .swand,
                            "grep -o 'success MOBIKE.*' /tmp/pluto.log",
                            ["success MOBIKE update local address 192.1.2.45:4500 -> 192.1.2.46:4500"]),
                        .type(.peer, "grep -o 'remote-host=[0-9.]*' OUTPUT/peer.sas.txt", ["remote-host=192.1.2.46"]),
                    ]
            },
            InteropCase(
                "mobike-transport-kernel", "swand's address changes in transport mode, strongSwan on the kernel's ESP"
            ).with {
                noPFS(&$0)
                ($0.needsKernelESP, $0.isTransport, $0.mover, $0.initiators) = (true, true, .swand, [.swand])
                let pings = InteropCase.Action.type(
                    .swand, "for i in {1..3}; do ping -n -q -W 3 -c 1 192.1.2.23; done | grep -c ' 1 received'", ["3"])
                $0.actions = [
                    .up, pings, .type(.swand, "ip address add 192.1.2.46/25 dev eth1", []),
                    .type(.swand, "ip address del 192.1.2.45/24 dev eth1", []), waiting("success MOBIKE update"),
                    .type(.peer, "ip xfrm policy | grep -c '192.1.2.46/32'", ["2"]), pings, .rekeyChild(.swand), pings,
                    .rekeyChild(.peer), pings, .compare,
                ]
            },
            InteropCase("mobike-peer-moves", "strongSwan's address changes (RFC 4555)").with {
                noPFS(&$0)
                $0.mover = .peer
                $0.initiators = [.peer]
                $0.actions =
                    moving(.peer, from: "192.1.2.23", to: "192.1.2.24") + [
                        .type(
                            .swand,
                            "grep -o 'success MOBIKE.*' /tmp/pluto.log | tail -n 1",
                            ["success MOBIKE update remote address 192.1.2.23:4500 -> 192.1.2.24:4500"]),
                        .type(.peer, "grep -o 'local-host=[0-9.]*' OUTPUT/peer.sas.txt", ["local-host=192.1.2.24"]),
                    ]
            },
        ]

    private static func waiting(_ words: String) -> InteropCase.Action {
        .wait(.swand, until: words, in: "cat /tmp/pluto.log")
    }

    /// A tunnel; then the end goes to another address of the same wire.
    private static func moving(_ mover: InteropSide, from old: String, to new: String) -> [InteropCase.Action] {
        let (network, gateway) = mover == .swand ? ("192.0.2.0/24", "192.1.2.23") : ("192.0.1.0/24", "192.1.2.45")
        return [
            .up, .ping(count: 5, octets: 56), .type(mover, "ip address add \(new)/25 dev eth1", []),
            .type(mover, "ip address del \(old)/24 dev eth1", []),
            .type(mover, "ip route replace \(network) via \(gateway)", []), waiting("success MOBIKE update"),
            waiting("responder rekeyed Child SA"), .ping(count: 10, octets: 56), .compare,
        ]
    }

    /// What must be red: they hold the judge to its word and are run by name only.
    package static let controls: [InteropCase] = [
        InteropCase("control-wrong-key", "an ESP key that differs in one octet").with {
            $0.actions = [.type(.swand, "ipsec whack --impair corrupt-esp-key", [])] + InteropCase.standardActions
        },
        InteropCase("control-wrong-psk", "a wrong shared key where a tunnel is expected").with {
            $0.peerSecret = "another secret"
        },
        InteropCase("control-wrong-selector", "selectors other than those that were agreed on").with {
            $0.actions =
                InteropCase.standardActions + [
                    .type(.peer, "sed -i 's/192.0.1.0/192.0.9.0/' OUTPUT/peer.sas.txt", [])
                ]
        },
        InteropCase("control-wrong-spi", "an SPI that is not the other end's").with {
            $0.actions =
                InteropCase.standardActions + [
                    .type(.peer, "sed -i 's/spi-in=......../spi-in=00000bad/' OUTPUT/peer.sas.txt", [])
                ]
        },
        InteropCase("control-no-spis", "IKE SPIs that nobody has read").with {
            $0.actions =
                InteropCase.standardActions + [
                    .type(
                        .peer, "sed -i 's/\\(initiator\\|responder\\)-spi=[0-9a-f]*/\\1-spi=/g' OUTPUT/peer.sas.txt", []
                    )
                ]
        },
        InteropCase("control-wrong-algorithm", "another cipher than the case names").with {
            $0.expectation = .tunnel(ike: "AES_CBC-128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024", esp: nil)
        },
        InteropCase("control-refusal-that-comes-up", "a tunnel where a refusal is expected").with {
            $0.expectation = .refused(notify: "AUTHENTICATION_FAILED")
        },
        InteropCase("control-limit-that-is-none", "a limit that strongSwan says nothing of").with {
            $0.expectation = .unsupported(says: "IPsec SA: tunnels not supported")
        },
        // The line is in every log of strongSwan's.
        InteropCase("control-limit-of-a-bad-run", "a limit, and a command that does not print what it must").with {
            $0.expectation = .unsupported(says: "IKE_SA")
            $0.actions.append(.type(.peer, "echo no", ["yes"]))
        },
    ]
}
