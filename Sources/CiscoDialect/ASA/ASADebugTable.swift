/// A line, or a few, of an ASA's IKEv2 debugging. In texts `{…}` stands for a fact of the exchange: see `ASADebugFacts`.
enum ASARow: Sendable {
    /// The toolkit's state machine: the state that it is in, and the event that it takes.
    case trace(String, String)
    /// What such an event did: nothing.
    case null
    /// `IKEv2-PROTO-n: (session): …`, and the same without a session.
    case proto(Int, String)
    case bareProto(Int, String)
    /// `IKEv2-PLAT-n: …`, likewise.
    case plat(Int, String)
    case barePlat(Int, String)
    case ipsec(String)
    case ipsecDebug(String)
    /// As it stands.
    case plain(DebugChannel, String)
}

/// Which lines belong to which moment of an exchange, in their order. The rows of CREATE_CHILD_SA that is refused for its
/// group and of INFORMATIONAL are those of a log of September 2018; the others are ours, in their form.
enum ASADebugTable {
    // MARK: CREATE_CHILD_SA, responder

    /// A request came in that is to replace a Child SA.
    static let childReceived: [ASARow] = [
        .trace("READY", "EV_RECV_CREATE_CHILD"), .null,
        .trace("CHILD_R_INIT", "EV_RECV_CREATE_CHILD"), .null,
        .trace("CHILD_R_INIT", "EV_VERIFY_MSG"),
        .proto(2, "Validating create child message"),
        .trace("CHILD_R_INIT", "EV_CHK_CC_TYPE"),
        .proto(2, "Check for create child response message type"),
    ]
    static let rekeyBegins: [ASARow] = [
        .trace("CHILD_R_IPSEC", "EV_REKEY_IPSECSA"),
        .proto(2, "Beginning IPSec Rekey as Responder"),
    ]
    static let childProcessed: [ASARow] = [
        .trace("CHILD_R_IPSEC", "EV_PROC_MSG"),
        .proto(2, "Processing CREATE_CHILD_SA exchange"),
    ]
    /// Its selectors fit, and an inbound SPI was taken.
    static let reserved: [ASARow] =
        [
            .barePlat(2, "Selector received from peer is accepted"),
            .plat(2, "PROXY MATCH on crypto map {map} seq {sequence}"),
            .proto(2, ""),
            .trace("CHILD_R_IPSEC", "EV_NO_EVENT"),
        ] + embryonic + [
            .barePlat(2, "Received PFKEY SPI callback for SPI 0x{inbound}, error FALSE"),
            .barePlat(2, ""),
            .plain(.ikev2Platform, "IKEv2 received all requested SPIs from CTM to respond to a tunnel request."),
            .trace("CHILD_R_IPSEC", "EV_OK_RECD_IPSEC_RESP"), .null,
        ] + childProcessed
    static let wrongGroup: [ASARow] = [
        .proto(1, "The peer's KE payload contained the wrong DH group"),
        .proto(1, ""),
        .trace("CHILD_R_IPSEC", "EV_INV_KE"),
        .proto(
            2, "Sending invalid ke notification, peer sent group {sentGroup}, local policy prefers group {ownGroup}"),
    ]
    /// The refusal has left.
    static let childFailed: [ASARow] = [
        .trace("CHILD_R_DONE", "EV_FAIL"),
        .proto(1, "Create child exchange failed"),
        .proto(1, ""),
        .proto(2, "IPSec SA create failed"),
        .trace("EXIT", "EV_ABORT"),
        .proto(5, "Sent response with message id {id}, Requests can be accepted from range {next} to {next}"),
        .trace("EXIT", "EV_CHK_PENDING_ABORT"),
        .trace("EXIT", "EV_UPDATE_CAC_STATS"),
        .proto(2, "Abort exchange"),
        .plat(1, "Child SA rekey failure reported for SPI 0x{replaced}."),
        .proto(5, "Deleting negotiation context for peer message ID: 0x{hexID}"),
    ]
    static let childMade: [ASARow] = [
        .trace("CHILD_R_DONE", "EV_OK"),
        .trace("CHILD_R_DONE", "EV_START_DEL_NEG_TMR"), .null,
        .trace("EXIT", "EV_CHK_PENDING"),
        .proto(5, "Sent response with message id {id}, Requests can be accepted from range {next} to {next}"),
        .trace("EXIT", "EV_NO_EVENT"),
    ]

    // MARK: The life of an SPI

    private static let embryonic: [ASARow] = [
        .ipsec("Received a PFKey message from IKE"),
        .ipsec("Parsing PFKey GETSPI message"),
        .ipsec("Creating IPsec SA"),
        .ipsec("Getting the inbound SPI"),
        .ipsecDebug("Inbound SA (SPI 0x00000000) state change from inactive to embryonic"),
        .ipsec("New embryonic SA created @ 0x{pointer},"),
        .plain(.ipsec, "SCB: 0x{block},"),
        .plain(.ipsec, "Direction: inbound"),
        .plain(.ipsec, "SPI : 0x{inbound}"),
        .plain(.ipsec, "Session ID: 0x{session}"),
        .plain(.ipsec, "VPIF num : 0x{interface}"),
        .plain(.ipsec, "Tunnel type: l2l"),
        .plain(.ipsec, "Protocol : esp"),
        .plain(.ipsec, "Lifetime : 240 seconds"),
    ]
    /// Nothing came of it.
    static let embryonicDead: [ASARow] = [
        .ipsec("Received a PFKey message from IKE"),
        .ipsecDebug("Received a DELETE PFKey message from IKE for an inbound SA (SPI 0x{inbound})"),
        .barePlat(
            1,
            "Failed to remove peer correlation entry from cikePeerCorrTable. Local Type = 0. Local Address = 0.0.0.0. "
                + "Remote Type = 0. Remote Address = 0.0.0.0. Correlation Peer Index = 0. IPSEC Tunnel Index = 0."),
        .ipsecDebug("Migrated SA is deleted, Deleting the Backup SPI entry 0x{inbound}"),
        .ipsecDebug("Inbound SA (SPI 0x{inbound}) destroy started, state embryonic"),
        .ipsec("Destroy current inbound SPI: 0x{inbound}"),
        .ipsecDebug("Inbound SA (SPI 0x{inbound}) free started, state embryonic"),
        .ipsecDebug("Inbound SA (SPI 0x{inbound}) state change from embryonic to dead"),
        .ipsecDebug("Inbound SA (SPI 0x{inbound}) free completed"),
        .ipsecDebug("Inbound SA (SPI 0x{inbound}) destroy completed"),
        .barePlat(2, "Received PFKEY delete SA for SPI 0x{inbound} error FALSE"),
    ]
    static let installed: [ASARow] = [
        .ipsec("Received a PFKey message from IKE"),
        .ipsecDebug("Inbound SA (SPI 0x{inbound}) state change from embryonic to active"),
        .ipsecDebug("Outbound SA (SPI 0x{outbound}) state change from inactive to active"),
    ]
    static let removed: [ASARow] = [
        .ipsec("Received a PFKey message from IKE"),
        .ipsecDebug("Received a DELETE PFKey message from IKE for an inbound SA (SPI 0x{inbound})"),
        .ipsecDebug("Inbound SA (SPI 0x{inbound}) state change from active to dead"),
        .ipsecDebug("Outbound SA (SPI 0x{outbound}) state change from active to dead"),
        .barePlat(2, "Received PFKEY delete SA for SPI 0x{inbound} error FALSE"),
    ]

    // MARK: INFORMATIONAL, responder

    static let informationalReceived: [ASARow] = [
        .trace("READY", "EV_RECV_INFO_REQ"), .null,
        .trace("INFO_R", "EV_RECV_INFO_REQ"),
    ]
    static let lifeAsked: [ASARow] = [.proto(2, "Received DPD/liveness query")]
    static let acknowledging: [ASARow] = [
        .proto(2, "Building packet for encryption."),
        .proto(2, "Sending ACK to informational exchange"),
    ]
    /// The context of the exchange before this one is still there.
    static let keptContext: [ASARow] = [.proto(5, "Locked SA.Event EV_FREE_NEG queued in the state EXIT")]
    static let informationalAnswered: [ASARow] = [
        .trace("INFO_R", "EV_CHK_INFO_TYPE"),
        .trace("INFO_R", "EV_START_DEL_NEG_TMR"), .null,
        .trace("EXIT", "EV_CHK_PENDING"),
        .proto(5, "Sent response with message id {id}, Requests can be accepted from range {next} to {next}"),
        .trace("EXIT", "EV_NO_EVENT"),
    ]
    static let contextFreed: [ASARow] = [
        .trace("EXIT", "EV_FREE_NEG"),
        .proto(5, "Deleting negotiation context for peer message ID: 0x{hexID}"),
    ]

    // MARK: Encryption

    static func encrypting(_ state: String) -> [ASARow] {
        [.trace(state, "EV_ENCRYPT_MSG"), .proto(2, ""), .trace(state, "EV_NO_EVENT")]
    }

    static func encrypted(_ state: String) -> [ASARow] {
        [
            .plat(2, "Encrypt success status returned via ipc 1"),
            .trace(state, "EV_OK_ENCRYPT_RESP"), .null,
            .trace(state, "EV_TRYSEND"),
        ]
    }

    // MARK: Setting up

    /// The steps of an IKE SA's first exchanges, by role.
    static let initReceived: [ASARow] = [
        .trace("IDLE", "EV_RECV_INIT"), .trace("R_INIT", "EV_VERIFY_MSG"), .trace("R_INIT", "EV_PROC_MSG"),
        .trace("R_INIT", "EV_DETECT_NAT"), .proto(2, "Process NAT discovery notify"),
        .trace("R_BLD_INIT", "EV_GEN_DH_KEY"), .trace("R_BLD_INIT", "EV_GEN_DH_SECRET"),
        .trace("R_BLD_INIT", "EV_GEN_SKEYID"), .proto(2, "Generate skeyid"), .trace("R_BLD_INIT", "EV_BLD_MSG"),
    ]
    static let initAnswered: [ASARow] = [
        .trace("INIT_DONE", "EV_DONE"), .trace("INIT_DONE", "EV_START_TMR"), .trace("R_WAIT_AUTH", "EV_NO_EVENT"),
    ]
    static let authReceived: [ASARow] = [
        .trace("R_WAIT_AUTH", "EV_RECV_AUTH"), .trace("R_WAIT_AUTH", "EV_PROC_ID"),
    ]
    static let established: [ASARow] = [
        .trace("R_VERIFY_AUTH", "EV_VERIFY_AUTH"), .trace("R_VERIFY_AUTH", "EV_PROC_SA_TS"),
        .trace("AUTH_DONE", "EV_OK"), .null,
    ]
    static let authAnswered: [ASARow] = [
        .proto(5, "Sent response with message id {id}, Requests can be accepted from range {next} to {next}"),
        .trace("READY", "EV_R_OK"), .trace("READY", "EV_NO_EVENT"),
        .proto(5, "Deleting negotiation context for peer message ID: 0x{hexID}"),
    ]
}
