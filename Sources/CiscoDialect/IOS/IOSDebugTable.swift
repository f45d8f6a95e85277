/// A line of a router's IKEv2 debugging. `{…}` stands for a fact of the IKE SA.
enum IOSRow: Sendable {
    /// The toolkit's state machine: the state that it is in, and the event that it takes.
    case trace(String, String)
    /// `IKEv2:(SA ID = 1):…`
    case sa(String)
    /// `IKEv2:…`
    case plain(String)

    /// What an event did: nothing.
    static let null = IOSRow.sa("Action: Action_Null")
}

/// Which lines belong to which moment of IKE_SA_INIT and IKE_AUTH, in the order of a log of IOS 15.1.
enum IOSDebugTable {
    static let dispatched: [IOSRow] = [
        .plain("Got a packet from dispatcher"), .plain("Processing an item off the pak queue"),
    ]

    // MARK: IKE_SA_INIT, initiator

    /// Traffic wants a tunnel.
    static let initiating: [IOSRow] =
        dispatched + [
            .plain("% Getting preshared key by address {peer}"),
            .plain("Adding Proposal {proposal} to toolkit policy"),
            .plain("({session}): Choosing IKE profile {profile}"),
            .plain("New ikev2 sa request admitted"),
            .plain("Incrementing outgoing negotiating sa count by one"),
            .trace("IDLE", "EV_INIT_SA"), .trace("I_BLD_INIT", "EV_GET_IKE_POLICY"),
            .trace("I_BLD_INIT", "EV_SET_POLICY"), .sa("Setting configured policies"),
            .trace("I_BLD_INIT", "EV_CHK_AUTH4PKI"),
        ] + initBuilt
    private static let initBuilt: [IOSRow] =
        publicValue("I_BLD_INIT") + [
            .trace("I_BLD_INIT", "EV_GET_CONFIG_MODE"),
            .plain("IKEv2 initiator - no config data to send in IKE_SA_INIT exch"),
            .plain("No config data to send to toolkit:"),
            .trace("I_BLD_INIT", "EV_BLD_MSG"),
        ]
    static let initAnswered: [IOSRow] = [
        .trace("I_WAIT_INIT", "EV_RECV_INIT"), .sa("Processing IKE_SA_INIT message"),
        .trace("I_PROC_INIT", "EV_CHK4_NOTIFY"),
    ]
    /// The responder wants another group: once more.
    static let initRefused: [IOSRow] = [.sa(otherGroup)] + initBuilt
    static let otherGroup =
        "Processing invalid ke notification, we sent group {sentGroup}, peer prefers group {wantedGroup}"
    static let initProcessed: [IOSRow] =
        [
            .trace("I_PROC_INIT", "EV_VERIFY_MSG"), .trace("I_PROC_INIT", "EV_PROC_MSG"),
            .trace("I_PROC_INIT", "EV_DETECT_NAT"),
        ] + nat + [.trace("I_PROC_INIT", "EV_CHK_NAT_T"), .trace("I_PROC_INIT", "EV_CHK_CONFIG_MODE")]
    /// The keys are there.
    static let initDone: [IOSRow] =
        secret("INIT_DONE") + [
            .trace("INIT_DONE", "EV_GEN_SKEYID"), .sa("Generate skeyid"), .trace("INIT_DONE", "EV_DONE"),
            .sa("Cisco DeleteReason Notify is enabled"), .trace("INIT_DONE", "EV_CHK4_ROLE"),
            .trace("I_BLD_AUTH", "EV_GET_CONFIG_MODE"), .plain("Sending config data to toolkit"),
            .trace("I_BLD_AUTH", "EV_CHK_EAP"), .trace("I_BLD_AUTH", "EV_GEN_AUTH"),
            .trace("I_BLD_AUTH", "EV_CHK_AUTH_TYPE"), .trace("I_BLD_AUTH", "EV_OK_AUTH_GEN"),
            .trace("I_BLD_AUTH", "EV_SEND_AUTH"),
        ]
    /// A public value is made aside of the state machine, and a shared secret likewise.
    static func publicValue(_ state: String) -> [IOSRow] {
        [
            .trace(state, "EV_GEN_DH_KEY"), .trace(state, "EV_NO_EVENT"), .trace(state, "EV_OK_REC'D_DH_PUBKEY_RESP"),
            .null,
        ]
    }
    static func secret(_ state: String) -> [IOSRow] {
        [
            .trace(state, "EV_GEN_DH_SECRET"), .trace(state, "EV_NO_EVENT"),
            .trace(state, "EV_OK_REC'D_DH_SECRET_RESP"), .null,
        ]
    }
    private static let nat: [IOSRow] = [
        .sa("Process NAT discovery notify"), .sa("Processing nat detect src notify"), .sa("{remoteNAT}"),
        .sa("Processing nat detect dst notify"), .sa("{localNAT}"), .sa("{NAT}"),
    ]

    // MARK: IKE_SA_INIT, responder

    static let admitted: [IOSRow] =
        dispatched + [
            .plain("New ikev2 sa request admitted"), .plain("Incrementing incoming negotiating sa count by one"),
        ]
    static let initReceived: [IOSRow] = [
        .trace("IDLE", "EV_RECV_INIT"), .trace("R_INIT", "EV_VERIFY_MSG"), .trace("R_INIT", "EV_INSERT_SA"),
        .trace("R_INIT", "EV_GET_IKE_POLICY"), .plain("Adding Proposal {proposal} to toolkit policy"),
        .trace("R_INIT", "EV_PROC_MSG"),
    ]
    /// What it proposes can be had, and the answer is made.
    static let initAccepted: [IOSRow] =
        [.trace("R_INIT", "EV_DETECT_NAT")] + nat + [
            .trace("R_INIT", "EV_CHK_CONFIG_MODE"), .trace("R_BLD_INIT", "EV_SET_POLICY"),
            .sa("Setting configured policies"), .trace("R_BLD_INIT", "EV_CHK_AUTH4PKI"),
            .trace("R_BLD_INIT", "EV_PKI_SESH_OPEN"), .sa("Opening a PKI session"),
        ] + publicValue("R_BLD_INIT") + secret("R_BLD_INIT") + [
            .trace("R_BLD_INIT", "EV_GEN_SKEYID"),
            .sa("Generate skeyid"), .trace("R_BLD_INIT", "EV_GET_CONFIG_MODE"),
            .plain("IKEv2 responder - no config data to send in IKE_SA_INIT exch"),
            .plain("No config data to send to toolkit:"), .trace("R_BLD_INIT", "EV_BLD_MSG"),
        ]
    static let initSent: [IOSRow] = [
        .trace("INIT_DONE", "EV_DONE"), .sa("Cisco DeleteReason Notify is enabled"),
        .trace("INIT_DONE", "EV_CHK4_ROLE"), .trace("INIT_DONE", "EV_START_TMR"),
        .trace("R_WAIT_AUTH", "EV_NO_EVENT"),
    ]

    // MARK: IKE_AUTH, initiator

    static let authSent: [IOSRow] = [.trace("I_WAIT_AUTH", "EV_NO_EVENT")]
    static let authAnswered: [IOSRow] = [
        .trace("I_WAIT_AUTH", "EV_RECV_AUTH"), .null, .trace("I_PROC_AUTH", "EV_CHK4_NOTIFY"),
        .trace("I_PROC_AUTH", "EV_PROC_MSG"),
        .trace("I_PROC_AUTH", "EV_CHK_IF_PEER_CERT_NEEDS_TO_BE_FETCHED_FOR_PROF_SEL"),
        .trace("I_PROC_AUTH", "EV_GET_POLICY_BY_PEERID"), .plain("Adding Proposal {proposal} to toolkit policy"),
        .sa("Using IKEv2 profile '{profile}'"), .trace("I_PROC_AUTH", "EV_VERIFY_POLICY_BY_PEERID"),
        .trace("I_PROC_AUTH", "EV_CHK_AUTH_TYPE"), .trace("I_PROC_AUTH", "EV_GET_PRESHR_KEY"),
        .trace("I_PROC_AUTH", "EV_VERIFY_AUTH"),
    ]
    /// The peer is who it says.
    static let peerVerified: [IOSRow] = [
        .trace("I_PROC_AUTH", "EV_CHK_EAP"), .trace("I_PROC_AUTH", "EV_NOTIFY_AUTH_DONE"),
        .plain("AAA group authorization is not configured"), .plain("AAA user authorization is not configured"),
        .trace("I_PROC_AUTH", "EV_CHK_CONFIG_MODE"), .trace("I_PROC_AUTH", "EV_CHK4_IC"),
        .trace("I_PROC_AUTH", "EV_CHK_IKE_ONLY"), .trace("I_PROC_AUTH", "EV_PROC_SA_TS"),
    ]
    /// The Child SA stands.
    static let initiatorDone: [IOSRow] =
        authDone + [
            .plain("KMI message {increase} consumed. No action taken."),
            .plain("KMI message {ready} consumed. No action taken."),
            .plain("No data to send in mode config set."),
            .plain("Adding ident handle 0x{handle} associated with SPI 0x{inbound} for session {ipsecSession}"),
        ] + loaded + [
            .sa("Accounting not required"), .trace("AUTH_DONE", "EV_CHECK_DUPE"),
            .trace("AUTH_DONE", "EV_CHK4_ROLE"), .trace("READY", "EV_CHK_IKE_ONLY"), .trace("READY", "EV_I_OK"),
        ]
    private static let authDone: [IOSRow] = [
        .trace("AUTH_DONE", "EV_OK"), .null, .trace("AUTH_DONE", "EV_PKI_SESH_CLOSE"), .sa("Closing the PKI session"),
        .trace("AUTH_DONE", "EV_UPDATE_CAC_STATS"), .trace("AUTH_DONE", "EV_INSERT_IKE"),
        .plain("Store mib index ikev2 {session}, platform {platform}"), .trace("AUTH_DONE", "EV_GEN_LOAD_IPSEC"),
        .sa("Asynchronous request queued"), .sa(""), .trace("AUTH_DONE", "EV_NO_EVENT"),
    ]
    private static let loaded: [IOSRow] = [
        .trace("AUTH_DONE", "EV_OK_REC'D_LOAD_IPSEC"), .null, .trace("AUTH_DONE", "EV_START_ACCT"),
    ]

    // MARK: IKE_AUTH, responder

    static let authReceived: [IOSRow] = [
        .trace("R_WAIT_AUTH", "EV_RECV_AUTH"), .trace("R_WAIT_AUTH", "EV_CHK_NAT_T"),
        .trace("R_WAIT_AUTH", "EV_PROC_ID"), .sa("Received valid parameteres in process id"),
        .trace("R_WAIT_AUTH", "EV_CHK_IF_PEER_CERT_NEEDS_TO_BE_FETCHED_FOR_PROF_SEL"),
        .trace("R_WAIT_AUTH", "EV_GET_POLICY_BY_PEERID"), .plain("({session}): Choosing IKE profile {profile}"),
        .plain("% Getting preshared key by address {peer}"), .plain("% Getting preshared key by address {peer}"),
        .plain("Adding Proposal {proposal} to toolkit policy"), .sa("Using IKEv2 profile '{profile}'"),
        .trace("R_WAIT_AUTH", "EV_SET_POLICY"), .sa("Setting configured policies"),
        .trace("R_WAIT_AUTH", "EV_VERIFY_POLICY_BY_PEERID"), .trace("R_WAIT_AUTH", "EV_CHK_AUTH4EAP"),
        .trace("R_WAIT_AUTH", "EV_CHK_POLREQEAP"), .trace("R_VERIFY_AUTH", "EV_CHK_AUTH_TYPE"),
        .trace("R_VERIFY_AUTH", "EV_GET_PRESHR_KEY"), .trace("R_VERIFY_AUTH", "EV_VERIFY_AUTH"),
    ]
    static let peerAccepted: [IOSRow] = [
        .trace("R_VERIFY_AUTH", "EV_CHK4_IC"), .trace("R_VERIFY_AUTH", "EV_CHK_REDIRECT"),
        .sa("Redirect check is not needed, skipping it"), .trace("R_VERIFY_AUTH", "EV_NOTIFY_AUTH_DONE"),
        .plain("AAA group authorization is not configured"), .plain("AAA user authorization is not configured"),
        .trace("R_VERIFY_AUTH", "EV_CHK_CONFIG_MODE"), .trace("R_VERIFY_AUTH", "EV_SET_RECD_CONFIG_MODE"),
        .plain("Received config data from toolkit:"), .trace("R_VERIFY_AUTH", "EV_PROC_SA_TS"),
        .trace("R_VERIFY_AUTH", "EV_GET_CONFIG_MODE"), .plain("Error constructing config reply"),
        .plain("No config data to send to toolkit:"), .trace("R_BLD_AUTH", "EV_MY_AUTH_METHOD"),
        .trace("R_BLD_AUTH", "EV_GET_PRESHR_KEY"), .trace("R_BLD_AUTH", "EV_GEN_AUTH"),
        .trace("R_BLD_AUTH", "EV_CHK4_SIGN"), .trace("R_BLD_AUTH", "EV_OK_AUTH_GEN"),
        .trace("R_BLD_AUTH", "EV_SEND_AUTH"),
    ]
    static let responderDone: [IOSRow] =
        authDone + loaded + [
            .trace("AUTH_DONE", "EV_CHECK_DUPE"), .trace("AUTH_DONE", "EV_CHK4_ROLE"),
            .trace("READY", "EV_R_OK"), .trace("READY", "EV_NO_EVENT"),
        ]
}
