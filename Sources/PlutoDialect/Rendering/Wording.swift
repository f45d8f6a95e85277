import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// pluto's words of May 2025: what stands behind `"CONN" #N: `. One function per fact; nothing here decides.
enum Wording {
    /// `192.1.2.23:UDP/500`, `[2001:db8::1]:UDP/500`.
    static func peer(_ endpoint: Endpoint) -> String {
        let address = endpoint.address.family == .v4 ? "\(endpoint.address)" : "[\(endpoint.address)]"
        return "\(address):\(name(endpoint.transport))/\(endpoint.port)"
    }

    static func name(_ transport: TransportProtocol) -> String { transport == .udp ? "UDP" : "TCP" }

    /// How ESP will travel to a peer that IKE reaches there.
    private static func encapsulation(_ isEncapsulated: Bool, to remote: Endpoint) -> String {
        isEncapsulated ? "ESPin\(name(remote.transport))" : "ESP"
    }

    /// With the number that the socket had.
    static func streamFailed(to remote: Endpoint, _ failure: StreamFailure) -> String {
        "TCP: socket \(failure.socket): connecting to \(remote): \(failure.description) (errno \(failure.code))"
    }

    static let streamLost = "TCP: connection lost; the IKE SA stays"
    static func streamRestored(_ local: Endpoint) -> String { "TCP: connected again, from port \(local.port)" }

    // MARK: Initiator

    static func initiating(_ remote: Endpoint) -> String {
        "initiating IKEv2 connection to \(remote.address) using \(name(remote.transport))"
    }

    static func sentRequest(_ exchange: ExchangeType, to remote: Endpoint) -> String {
        "sent \(exchange.name) request to \(peer(remote))"
    }

    static func sentIKEAuth(to remote: Endpoint, child: UInt64, inbound: ESPSPI, encapsulated: Bool) -> String {
        "\(sentRequest(.ikeAuth, to: remote)); Child SA #\(child) {\(encapsulation(encapsulated, to: remote)) <0x\(inbound)}"
    }

    static let sentDeleteIKE = "sent INFORMATIONAL request to delete IKE SA"
    static func sentDeleteChild(using ike: UInt64) -> String {
        "sent INFORMATIONAL request to delete established Child SA using IKE SA #\(ike)"
    }

    static func initiatingChild(using ike: UInt64, replacing old: UInt64?) -> String {
        old.map { "initiating rekey to replace Child SA #\($0) using IKE SA #\(ike)" }
            ?? "initiating Child SA using IKE SA #\(ike)"
    }

    static func sentCreateChild(
        to remote: Endpoint, using ike: UInt64, replacing old: UInt64?, inbound: ESPSPI, encapsulated: Bool
    ) -> String {
        let aim = old.map { "rekey Child SA #\($0)" } ?? "create Child SA"
        return "sent CREATE_CHILD_SA request to \(aim) using IKE SA #\(ike) "
            + "{\(encapsulation(encapsulated, to: remote)) <0x\(inbound)}"
    }

    static func childQueued(behind ike: String, peer: String) -> String {
        "queue Child SA; waiting on IKE SA \(ike) negotiating with \(peer)"
    }

    /// From `actual-limit` on it is replaced.
    static func childLimited(isOctets: Bool, hard: UInt64, soft: UInt64) -> String {
        "\(isOctets ? "ipsec-max-bytes" : "ipsec-max-packets")=\(hard) actual-limit=\(soft)"
    }

    static func initiatingRekey(ofIKE old: UInt64) -> String {
        "initiating rekey to replace IKE SA #\(old) using IKE SA #\(old)"
    }

    static func sentRekeyIKE(_ old: UInt64) -> String {
        "sent CREATE_CHILD_SA request to rekey IKE SA #\(old) (using IKE SA #\(old))"
    }

    static func rekeyedIKE(_ role: Role, old: UInt64, _ suite: IKESuite) -> String {
        "\(self.role(role)) rekeyed IKE SA #\(old) {\(AlgorithmNames.description(suite))}"
    }

    static func exchangeFailed(_ type: NotifyType) -> String {
        "CREATE_CHILD_SA failed with error notification \(type.name)"
    }

    static func terminatingChildren(_ children: [UInt64], using ike: UInt64) -> String {
        let list = children.map { "#\($0)" }.joined(separator: ", ")
        return "initiating delete of connection's Child SA \(list) using IKE SA #\(ike)"
    }

    static func processedIKESAInit(_ suite: IKESuite, from remote: Endpoint, next: ExchangeType) -> String {
        "processed IKE_SA_INIT response from \(peer(remote)) {\(AlgorithmNames.description(suite))}, "
            + "initiating \(next.name)"
    }

    static func processedIntermediate(_ suite: IKESuite, from remote: Endpoint) -> String {
        "processed IKE_INTERMEDIATE response from \(peer(remote)) {\(AlgorithmNames.description(suite))}, "
            + "initiating IKE_AUTH"
    }

    static let processedSessionResume =
        "initiator processed IKE_SESSION_RESUME; processed IKE_SESSION_RESUME response, preparing IKE_AUTH request"
    static let ticketRequested = "asking for session resume ticket"
    static let ticketReceived = "received v2N_TICKET_LT_OPAQUE"
    static let ticketNack = "received v2N_TICKET_NACK"
    static let sessionResumptionRefused =
        "received TICKET_NACK notification response to IKE_SESSION_RESUME request, retrying using IKE_SA_INIT"

    static func keyExchangeRefused(tried: KeyExchangeMethod, suggested: KeyExchangeMethod) -> String {
        "Received unauthenticated INVALID_KE_PAYLOAD response to DH \(AlgorithmNames.name(tried)); "
            + "resending with suggested DH \(AlgorithmNames.name(suggested))"
    }

    // MARK: Responder

    static func processingRequest(_ exchange: ExchangeType, from remote: Endpoint, payloads: [String]) -> String {
        let list = payloads.joined(separator: ",")
        return switch exchange {
        case .ikeSAInit, .ikeSessionResume:
            "processing \(exchange.name) request from \(peer(remote)) containing \(list)"
        default: "processing decrypted \(exchange.name) request from \(peer(remote)) containing SK{\(list)}"
        }
    }

    static func sentResponse(_ exchange: ExchangeType, to remote: Endpoint, _ suite: IKESuite?) -> String {
        let suffix = suite.map { " {\(AlgorithmNames.description($0))}" } ?? ""
        return "sent \(exchange.name) response to \(peer(remote))\(suffix)"
    }

    static func ticketAccepted(keyNumber: UInt32) -> String {
        "received v2N_TICKET_OPAQUE; session resume ticket opened with key \(keyNumber)"
    }

    static func ticketRefused(_ reason: TicketRefusal) -> String {
        "session resume ticket refused (\(refusal(reason))); responding with TICKET_NACK"
    }

    static func ticketUnusable(_ reason: TicketRefusal) -> String {
        "session resume ticket not used (\(refusal(reason)))"
    }

    private static func refusal(_ reason: TicketRefusal) -> String {
        switch reason {
        case .unknownKey: "sealed with a key that is gone"
        case .altered: "altered"
        case .expired: "expired"
        case .reused: "used before"
        case .noConnection: "no connection that would issue it"
        case .unsupported: "session resumption is not in use"
        }
    }

    static func ticketIssued(keyNumber: UInt32, octets: Int, lifetimeSeconds: UInt32) -> String {
        "issuing session resume ticket; key \(keyNumber), \(octets) bytes, expires in \(lifetimeSeconds)s"
    }

    // MARK: Both

    static func shortKey(_ us: Identification, octets: Int, _ prf: PRFAlgorithm, refused: Bool) -> String {
        "\(refused ? "FIPS" : "WARNING"): '\(us.plutoText)' PSK length of \(octets) bytes is too short for PRF "
            + "\(AlgorithmNames.name(prf)) in FIPS mode (\(PreSharedKeys.minimumOctets(for: prf)) bytes required)"
    }

    static func establishedIKE(_ role: Role, peer: Identification, proof: AuthenticationProof) -> String {
        let who =
            switch proof {
            case .signature(let signature): signed(signature, peer)
            case .sharedKey: "using authby=secret and \(peer.plutoTypeName) '\(peer.plutoText)'"
            case .eap(let eap): "using \(name(eap.method)) '\(String(decoding: eap.identity, as: UTF8.self))'"
            case .null: "using authby=null and \(peer.plutoTypeName) '\(peer.plutoText)'"
            case .sessionResumption: "using authby=session-resume"
            }
        return "\(self.role(role)) established IKE SA; authenticated peer \(who)"
    }

    /// `certificate 'C=CA, CN=east' and 2048-bit RSASSA-PSS with SHA2_512 digital signature issued by 'C=CA, CN=ca'`; a key
    /// that was known before is a preloaded certificate.
    private static func signed(_ proof: SignatureProof, _ peer: Identification) -> String {
        let bits = proof.scheme.digest == nil ? "" : "\(proof.keyBits)-bit "
        let deed = "and \(bits)\(AlgorithmNames.name(proof.scheme)) digital signature"
        guard let subject = proof.subject, let issuer = proof.issuer else {
            return "using preloaded certificate '\(peer.plutoText)' \(deed)"
        }
        return "certificate '\(subject.text)' \(deed) issued by '\(issuer.text)'"
    }

    static func establishedChild(
        _ facts: ChildFacts, ike: UInt64, replaced: UInt64?, liveness: Bool, pairs: [String]
    ) -> String {
        let mode = facts.mode == .tunnel ? "tunnel" : "transport"
        let selectors = pairs.map { "[\($0)]" }.joined(separator: " ")
        var transport = "ESP"
        var natd = ""
        switch facts.encapsulation {
        case .none: break
        case .udp:
            transport = "ESPinUDP"
            natd = " NATD=\(facts.remote)"
        case .tcp: transport = "ESPinTCP"
        }
        if facts.suite.extendedSequenceNumbers { transport += "/ESN" }
        let deed = replaced.map { "rekeyed Child SA #\($0)" } ?? "established Child SA"
        return "\(role(facts.role)) \(deed) using #\(ike); IPsec \(mode) \(selectors) "
            + "{\(transport)=>0x\(facts.outbound) <0x\(facts.inbound) xfrm=\(AlgorithmNames.description(facts.suite))"
            + "\(natd) DPD=\(liveness ? "active" : "passive")}"
    }

    static func role(_ role: Role) -> String { role == .initiator ? "initiator" : "responder" }

    static func accepted(local: [String], remote: [String]) -> String {
        "accepted selectors [\(local.joined(separator: " "))]->[\(remote.joined(separator: " "))]"
    }

    static func runningUpdown(_ verb: String, _ pair: String) -> String { "running updown \(verb) \(pair)" }

    static func childRejected(_ type: NotifyType) -> String { "IKE_AUTH response rejected Child SA with \(type.name)" }

    // MARK: Ends

    static func rejectedByPeer(_ type: NotifyType) -> String {
        "IKE SA authentication request rejected by peer: \(type.name)"
    }

    static func fatal(in state: String) -> String { "encountered fatal error in state \(state)" }
    static func deleting(_ human: String) -> String { "deleting IKE SA (\(human))" }
    static let deletingAndNotifying = "deleting IKE SA (ESTABLISHED_IKE_SA) and sending notification"
    static let terminatingSAs = "terminating SAs using this connection"

    static func terminating(ike: UInt64, children: [UInt64]) -> String {
        let list = children.map { " (and Child SA #\($0))" }.joined()
        return "initiating delete of connection's IKE SA #\(ike)\(list)"
    }

    static func traffic(inbound: UInt64, outbound: UInt64) -> String {
        "ESP traffic information: in=\(ByteCount.text(inbound)) out=\(ByteCount.text(outbound))"
    }

    static func responding(
        _ exchange: ExchangeType, id: UInt32, to remote: Endpoint, _ type: NotifyType, encrypted: Bool
    )
        -> String
    {
        "responding to \(exchange.name) message (ID \(id)) from \(remote) with "
            + "\(encrypted ? "encrypted" : "unencrypted") notification \(type.name)"
    }

    // MARK: Loss and revival

    static func retransmission(_ state: String, next: Duration) -> String {
        "\(state): retransmission; will wait \(seconds(next)) seconds for response"
    }

    static func timedOut(_ state: IKEState, _ name: String, after: Duration, retransmissions: Int) -> String {
        let why =
            switch state {
            case .initSent, .resumeSent:
                ".  No response (or no acceptable response) to our first IKEv2 message"
            case .authSent:
                ".  Possible authentication failure: no acceptable response to our first encrypted message"
            default: ""
            }
        return "\(name): \(seconds(after)) second timeout exceeded after \(retransmissions) retransmits\(why)"
    }

    static func suppressing(_ state: String) -> String { "IMPAIR: suppressing retransmits in state \(state)" }

    static func revivalScheduled(attempt: Int, delay: Duration) -> String {
        "connection is supposed to remain up; revival attempt \(attempt) scheduled in \(seconds(delay)) seconds"
    }

    static let revivalSkipped = "IMPAIR: revival: skip scheduling revival event"

    static func reviving(_ what: String, serial: UInt64) -> String {
        "reviving connection which \(what) but must remain up per local policy (serial $\(serial))"
    }

    static func revivalTriggered(_ what: String, attempt: Int, next: Duration, nat: String) -> String {
        "IMPAIR: dispatch REVIVAL; attempt \(attempt) next in \(seconds(next))s\(nat); \(what)"
    }

    static func cannotInitiate(serial: UInt64) -> String {
        "cannot initiate connection (serial $\(serial)) without knowing peer IP address (kind=CK_TEMPLATE)"
    }

    static func ignoring(
        _ exchange: ExchangeType, _ type: NotifyType, messageID: UInt32, payloads: [String], missing: [String]
    ) -> String {
        "ignoring \(exchange.name) response containing \(type.name) notification (Message ID \(messageID); "
            + "message payloads \(payloads.joined(separator: ",")), missing \(missing.joined(separator: ",")))"
    }

    /// What a message is sent for.
    static func occasion(_ exchange: ExchangeType, isResponse: Bool) -> String {
        switch (exchange, isResponse) {
        case (.ikeSAInit, false): "initiating IKE_SA_INIT"
        case (.ikeSAInit, true): "Respond to IKE_SA_INIT"
        case (.ikeAuth, false): "initiating IKE_AUTH"
        case (.ikeAuth, true): "Responder: process IKE_AUTH request"
        case (.createChildSA, false): "initiate new Child SA (CREATE_CHILD_SA)"
        case (.createChildSA, true): "process create Child SA request (CREATE_CHILD_SA)"
        default: "\(exchange.name) \(isResponse ? "response" : "request")"
        }
    }

    /// `00 24`.
    static func hexadecimal(_ number: UInt16) -> String {
        [number >> 8, number & 0xff].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }

    static let corruptMessage = "encrypted payload seems to be corrupt; dropping packet"

    static func unexpectedResponse(_ exchange: ExchangeType, expected: ExchangeType) -> String {
        let what = expected == .ikeAuth ? " (authenticate IKE SA)" : ""
        return "unexpected \(exchange.name) response, expecting \(expected.name)\(what); message dropped"
    }

    static func ticketKeyRolled(_ number: UInt32) -> String {
        "refreshed session resume keys, issuing key \(number)"
    }

    static func cannotRoute(_ reason: String) -> String { "cannot route connection: \(reason)" }

    /// With ICMP's type and code in place of the ports.
    static func acquired(_ packet: AcquiringPacket) -> String {
        let name =
            switch packet.ipProtocol {
            case 1: "ICMP"
            case 6: "TCP"
            case 17: "UDP"
            case 58: "ICMPv6"
            default: "\(packet.ipProtocol)"
            }
        return "initiate on-demand for packet \(packet.source):\(packet.sourcePort)-\(name)->"
            + "\(packet.destination):\(packet.destinationPort)"
    }

    // MARK: Pieces

    /// `0.5`, `60`: seconds, with a fraction only where there is one.
    static func seconds(_ duration: Duration) -> String {
        let milliseconds = duration.nanosecondCount / 1_000_000
        guard milliseconds % 1000 != 0 else { return "\(milliseconds / 1000)" }
        let fraction = String(1000 + milliseconds % 1000).dropFirst()
        return "\(milliseconds / 1000).\(String(fraction.reversed().drop { $0 == "0" }.reversed()))"
    }

    static func failure(_ reason: FailureReason, us: String) -> String? {
        switch reason {
        case .refused(let type): rejectedByPeer(type)
        case .refusing, .timedOut: nil
        case .ppk(let failure): ppkFailure(failure)
        case .eap(let failure): "authentication failed: EAP: \(eapFailure(failure))"
        case .childlessUnsupported: "peer does not support childless IKE SAs, and childless=force asks for one"
        case .noSharedKey: "authentication failed: no PSK found for '\(us)'"
        case .noPrivateKey: "authentication failed: no private key for '\(us)' in the key store"
        case .noSignatureMethod: "authentication failed: no signature method in common with the peer"
        case .certificateByURL:
            "authentication failed: peer sent the URL of its certificate, and what it leads to is not at hand"
        case .noPeerCertificate: "authentication failed: peer sent no certificate, and no public key of it is known"
        case .certificate(let refusal): "authentication failed: certificate rejected: \(self.refusal(refusal))"
        case .identityNotInCertificate: "authentication failed: peer ID is not one that its certificate carries"
        case .authenticationMismatch: "authentication failed: computed hash does not match hash received from peer"
        case .identificationMismatch: "authentication failed: peer ID is not what the connection expects"
        case .badSyntax(let what): "malformed message: \(what)"
        case .dataPlane(let what): "kernel: \(what)"
        }
    }

    static func refusal(_ refusal: CertificateRefusal) -> String {
        switch refusal {
        case .notYetValid: "not yet valid"
        case .expired: "expired"
        case .revoked: "revoked"
        case .noRevocationList: "no fresh revocation list of its issuer (crl-strict)"
        case .unknownAuthority: "issued by an authority that is not trusted"
        case .otherAuthority: "issued by another authority than the connection wants"
        case .unfitForSigning: "its key usage does not allow signatures"
        case .invalid(let what): what
        }
    }

    static func reason(_ reason: DropReason) -> String {
        switch reason {
        case .malformed(let what): "malformed message: \(what)"
        case .unknownSPI: "no IKE SA with these SPIs"
        case .integrityFailure: "integrity check failed"
        case .unexpectedMessageID(let id, _): "unexpected Message ID \(id)"
        case .unexpectedExchange: "unexpected exchange"
        case .requestWaits: "already being processed"
        case .answeredSeldom: "too many messages that are answered in clear"
        case .fetchLimit: "too many certificates are being fetched for this address"
        case .unexpectedResponse(let expected): "unexpected exchange, expected \(expected.name)"
        case .unsupportedVersion: "unsupported major version"
        case .halfOpenLimit: "too many half-open IKE SAs"
        case .noConnection: "no connection has been authorized with policy IKEv2"
        case .unauthenticatedRefusal(let type): "unauthenticated \(type.name)"
        }
    }
}

/// IKE states in pluto's short and long form.
enum StateName {
    static func short(_ state: IKEState, processed: Bool) -> String {
        switch state {
        case .initSent: processed ? "IKE_SA_INIT_IR" : "IKE_SA_INIT_I"
        case .initResponded: "IKE_SA_INIT_R"
        case .intermediateSent: "IKE_INTERMEDIATE_I"
        case .resumeSent: processed ? "IKE_SESSION_RESUME_IR" : "IKE_SESSION_RESUME_I"
        case .resumeResponded: "IKE_SESSION_RESUME_R"
        case .authSent: "IKE_AUTH_I"
        case .established: "ESTABLISHED_IKE_SA"
        case .deleting: "ESTABLISHED_IKE_SA"
        }
    }

    static func human(_ state: IKEState, processed: Bool) -> String {
        switch state {
        case .initSent:
            processed
                ? "processed IKE_SA_INIT response, preparing IKE_INTERMEDIATE or IKE_AUTH request"
                : "sent IKE_SA_INIT request"
        case .initResponded: "sent IKE_SA_INIT response, waiting for IKE_INTERMEDIATE or IKE_AUTH request"
        case .resumeSent:
            processed
                ? "processed IKE_SESSION_RESUME response, preparing IKE_AUTH request"
                : "sent IKE_SESSION_RESUME request"
        case .resumeResponded: "sent IKE_SESSION_RESUME response, waiting for IKE_AUTH request"
        case .intermediateSent: "sent IKE_INTERMEDIATE request"
        case .authSent: "sent IKE_AUTH request"
        case .established, .deleting: "established IKE SA"
        }
    }
}

/// Numbers of octets as pluto prints them.
enum ByteCount {
    /// `84B`, `8KB`, `3MB`: the largest binary unit that leaves at least ten of it, rounded up.
    static func text(_ octets: UInt64) -> String {
        var value = octets
        for unit in ["B", "KB", "MB", "GB"] {
            if value < 10 * 1024 { return "\(value)\(unit)" }
            value = value / 1024 + (value % 1024 == 0 ? 0 : 1)
        }
        return "\(value)TB"
    }

    /// `2^63`, `20`: a limit, as a power of two where it is a large one.
    static func limit(_ count: UInt64) -> String {
        count.nonzeroBitCount == 1 && count >= 1 << 32 ? "2^\(count.trailingZeroBitCount)" : "\(count)"
    }
}
