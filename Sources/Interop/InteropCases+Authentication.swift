/// How the two ends prove who they are.
extension InteropCases {
    /// AUTH by signature (RFC 7427), with certificates.
    static let signatures: [InteropCase] =
        [
            signature("cert-rsa", "RSA, PKCS #1", "rsa", authby: "rsa-pkcs1-sha2_256", says: "RSA_EMSA_PKCS1_SHA2_256"),
            signature(
                "cert-rsa-pss", "RSA, PSS", "rsa", authby: "rsa-sha2_256", says: "RSA_EMSA_PSS_SHA2_256_SALT_32"
            ).with { $0.peerSettings = ["rsa_pss = yes"] },
            signature("cert-ecdsa", "ECDSA, P-256", "ecdsa", authby: "ecdsa-sha2_256", says: "ECDSA_WITH_SHA256_DER"),
            signature("cert-ed25519", "Ed25519 (RFC 8420)", "ed25519", authby: "eddsa", says: "ED25519"),
            signature(
                "cert-chain", "an authority between root and ends", "ecdsa", authby: "ecdsa-sha2_256",
                says: "ECDSA_WITH_SHA256_DER"
            ).with { $0.certificates?.hasMiddle = true },
            signature(
                "cert-rsa-fragments", "RSA certificates in fragments both ways", "rsa", authby: "rsa-pkcs1-sha2_256",
                says: "RSA_EMSA_PKCS1_SHA2_256"
            ).with {
                $0.peerSettings = ["fragment_size = 600"]
                $0.actions += [
                    .type(.peer, "grep -q 'generating IKE_AUTH re.* EF(2/' OUTPUT/log; echo $?", ["0"]),
                    .type(.peer, "grep -q 'received fragment #2 of' OUTPUT/log; echo $?", ["0"]),
                ]
            },
            hashAndURL,
            InteropCase("cert-revoked", "the initiator's certificate is revoked, and the responder knows").with {
                certified(&$0, "ecdsa", authby: "ecdsa-sha2_256")
                $0.certificates?.isRevoked = true
                $0.expectation = .refused(notify: "AUTHENTICATION_FAILED")
                $0.actions = [
                    .upFails(swand: "AUTHENTICATION_FAILED", peer: "received AUTHENTICATION_FAILED notify error")
                ]
            },
        ]

    /// A web server beside strongSwan has both certificates: swand's under its name, strongSwan's under its hash, as it asks for.
    private static let hashAndURL = signature(
        "cert-url", "certificates by hash and URL (RFC 7296 §3.6)", "ecdsa", authby: "ecdsa-sha2_256",
        says: "ECDSA_WITH_SHA256_DER"
    ).with {
        $0.conn += ["hash-and-url=yes", "leftcerturl=http://192.1.2.23/west"]
        $0.peerSettings += ["hash_and_url = yes"]
        $0.peerPlugins = ["curl"]
        func publish(_ name: String, _ place: String) -> InteropCase.Action {
            .type(.peer, "openssl x509 -in OUTPUT/pki/\(name).crt -outform DER -out /tmp/www/\(place)", [])
        }
        $0.actions =
            [
                .type(.peer, "mkdir /tmp/www", []), publish("west", "west"), publish("east", "east"),
                .type(.peer, "mv /tmp/www/east /tmp/www/$(sha1sum </tmp/www/east | cut -d' ' -f1)", []),
                .type(.peer, "../../guestbin/http-server.sh --start /tmp/www", []),
                // Only now is there an authority.
                .type(
                    .peer,
                    "echo 'authorities { root { cacert = root.crt; cert_uri_base = http://192.1.2.23/ } }' | tr ';' '\\n' "
                        + ">>/etc/swanctl/swanctl.conf", []),
                .type(.peer, "swanctl --load-authorities | grep -c 'loaded authority'", ["1"]),
            ] + $0.actions + [
                .type(.peer, "../../guestbin/http-server.sh --stop", []),
                .type(
                    .swand,
                    "grep -c \"fetched the peer's certificate from 'http://192.1.2.23/[0-9a-f]*'\" /tmp/pluto.log",
                    ["1"]),
                .type(
                    .peer, "grep -o \"received hash-and-url for end entity cert.*\" OUTPUT/log",
                    ["received hash-and-url for end entity cert \"http://192.1.2.23/west\""]),
            ]
    }

    /// The initiator proves who it is by EAP, the responder by a certificate.
    static let eap: [InteropCase] = [
        eap("eap-mschapv2", "EAP-MSCHAPv2", .mschapV2, says: mschapSucceeded),
        eap("eap-tls", "EAP-TLS with TLS 1.2", .tls, says: tlsSucceeded),
        eap("eap-only", "EAP-TLS for both ends (RFC 5998)", .tls, says: tlsSucceeded)
            .with { $0.eap?.isAlone = true },
        eap("eap-ppk", "EAP-MSCHAPv2 and a post-quantum key (RFC 8784)", .mschapV2, says: mschapSucceeded).with {
            ppk(&$0, policy: "insist", required: "yes")
            $0.actions += [.type(.peer, "grep -o 'ppk=yes' OUTPUT/peer.sas.txt", ["ppk=yes"])]
        },
        eap("eap-only-ppk", "EAP-TLS for both ends and a post-quantum key", .tls, says: tlsSucceeded).with {
            $0.eap?.isAlone = true
            ppk(&$0, policy: "insist", required: "yes")
            $0.actions += [.type(.peer, "grep -o 'ppk=yes' OUTPUT/peer.sas.txt", ["ppk=yes"])]
        },
        eap(
            "eap-ppk-none", "EAP-MSCHAPv2, and strongSwan has no such post-quantum key", .mschapV2,
            says: mschapSucceeded
        )
        .with {
            ppk(&$0, policy: "propose", required: "no", known: "Z")
            $0.initiators = [.swand]
            $0.actions += [.type(.peer, "grep -c 'ppk=yes' OUTPUT/peer.sas.txt", ["0"])]
        },
        eap("eap-wrong-ppk", "EAP-MSCHAPv2, and the post-quantum keys differ", .mschapV2, says: mschapSucceeded).with {
            ppk(&$0, policy: "insist", required: "yes", swand: "another secret of the same name")
            $0.expectation = .refused(notify: "AUTHENTICATION_FAILED")
            $0.actions = [
                .upFails(swand: "AUTHENTICATION_FAILED", peer: "received AUTHENTICATION_FAILED notify error")
            ]
        },
        wrongPassword("eap-wrong-password", notify: "EAP Failure").with { $0.initiators = [.swand] },
        // It does not wait for EAP Failure.
        wrongPassword("eap-wrong-password-peer", notify: "AUTHENTICATION_FAILED").with { $0.initiators = [.peer] },
    ]

    private static let mschapSucceeded = "EAP method EAP_MSCHAPV2 succeeded, MSK established"
    private static let tlsSucceeded = "EAP method EAP_TLS succeeded, MSK established"

    private static func wrongPassword(_ name: String, notify: String) -> InteropCase {
        InteropCase(name, "EAP-MSCHAPv2 with a wrong password").with {
            certified(&$0, "ecdsa", authby: "ecdsa-sha2_256")
            $0.eap = InteropCase.EAP(.mschapV2)
            $0.eap?.password = "battery staple"
            $0.expectation = .refused(notify: notify)
            $0.actions = [.upFails(swand: "EAP: wrong password", peer: "EAP-MS-CHAPv2 failed")]
        }
    }

    private static func eap(
        _ name: String, _ about: String, _ method: InteropCase.EAP.Method, says: String
    ) -> InteropCase {
        InteropCase(name, about).with {
            certified(&$0, "ecdsa", authby: "ecdsa-sha2_256")
            $0.eap = InteropCase.EAP(method)
            $0.actions += [.type(.peer, "grep -q '\(says)' OUTPUT/log; echo $?", ["0"])]
        }
    }

    private static func certified(_ test: inout InteropCase, _ kind: String, authby: String) {
        test.certificates = InteropCase.Certificates(kind, authby: authby)
        // The certificates' own names (subjectAltName).
        (test.swandID, test.peerID) = ("west.example", "east.example")
    }

    /// - Parameter says: how strongSwan's log calls the way in which swand signed.
    private static func signature(
        _ name: String, _ about: String, _ kind: String, authby: String, says: String
    ) -> InteropCase {
        InteropCase(name, "certificates, \(about)").with {
            certified(&$0, kind, authby: authby)
            $0.actions += [
                .type(
                    .peer, "grep -q \"authentication of 'west.example' with \(says) successful\" OUTPUT/log; echo $?",
                    ["0"])
            ]
        }
    }
}
