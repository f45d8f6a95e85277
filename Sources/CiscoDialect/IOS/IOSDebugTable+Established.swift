/// The lines of CREATE_CHILD_SA and INFORMATIONAL. A log of IOS 15.1 has both roles of CREATE_CHILD_SA for the IKE SA, from the
/// responder's first line to its last and from the arrival of the answer on at the initiator. The rest is ours, in its form.
extension IOSDebugTable {
    // MARK: CREATE_CHILD_SA, responder

    static let childReceived: [IOSRow] = [
        .trace("READY", "EV_RECV_CREATE_CHILD"), .null, .trace("CHILD_R_INIT", "EV_RECV_CREATE_CHILD"), .null,
        .trace("CHILD_R_INIT", "EV_VERIFY_MSG"), .trace("CHILD_R_INIT", "EV_CHK_CC_TYPE"),
    ]
    /// It is for the IKE SA.
    static let ikeRekeyReceived: [IOSRow] = [
        .trace("CHILD_R_IKE", "EV_REKEY_IKESA"), .trace("CHILD_R_IKE", "EV_GET_IKE_POLICY"),
        .plain("% Getting preshared key by address {peer}"), .plain("% Getting preshared key by address {peer}"),
        .plain("Adding Proposal {proposal} to toolkit policy"), .sa("Using IKEv2 profile '{profile}'"),
        .trace("CHILD_R_IKE", "EV_PROC_MSG"),
    ]
    static let ikeRekeyAccepted: [IOSRow] =
        [.trace("CHILD_R_IKE", "EV_SET_POLICY"), .sa("Setting configured policies")]
        + publicValue("CHILD_R_BLD_MSG") + secret("CHILD_R_BLD_MSG") + [.trace("CHILD_R_BLD_MSG", "EV_BLD_MSG")]
    /// The answer has left.
    static let ikeRekeyAnswered: [IOSRow] =
        [
            .trace("CHILD_R_BLD_MSG", "EV_CHK_IKE_REKEY"), .trace("CHILD_R_BLD_MSG", "EV_GEN_SKEYID"),
            .sa("Generate skeyid"), .trace("CHILD_R_DONE", "EV_ACTIVATE_NEW_SA"),
            .plain("Store mib index ikev2 {newSession}, platform {newPlatform}"),
            .trace("CHILD_R_DONE", "EV_UPDATE_CAC_STATS"), .plain("New ikev2 sa request activated"),
            .plain("Failed to decrement count for incoming negotiating"), .trace("CHILD_R_DONE", "EV_CHECK_DUPE"),
        ] + childEnd
    private static let childEnd: [IOSRow] =
        [.trace("CHILD_R_DONE", "EV_OK"), .trace("CHILD_R_DONE", "EV_START_DEL_NEG_TMR"), .null] + answered

    /// It is for a Child SA: in the place of another one, or beside it.
    static let childRekeyReceived: [IOSRow] = [
        .trace("CHILD_R_IPSEC", "EV_REKEY_IPSECSA"), .trace("CHILD_R_IPSEC", "EV_PROC_MSG"),
    ]
    static let childNewReceived: [IOSRow] = [.trace("CHILD_R_IPSEC", "EV_PROC_MSG")]
    /// - Parameter group: whether it has a Diffie-Hellman exchange of its own.
    static func childAccepted(group: Bool) -> [IOSRow] {
        [.trace("CHILD_R_IPSEC", "EV_SET_POLICY")]
            + (group ? publicValue("CHILD_R_BLD_MSG") + secret("CHILD_R_BLD_MSG") : [])
            + [.trace("CHILD_R_BLD_MSG", "EV_BLD_MSG")]
    }
    static let childAnswered: [IOSRow] =
        [
            .trace("CHILD_R_BLD_MSG", "EV_CHK_IKE_REKEY"), .trace("CHILD_R_DONE", "EV_GEN_LOAD_IPSEC"),
            .sa("Asynchronous request queued"), .trace("CHILD_R_DONE", "EV_NO_EVENT"),
            .trace("CHILD_R_DONE", "EV_OK_REC'D_LOAD_IPSEC"), .null,
        ] + childEnd

    /// A group that is not ours. The state is the one that the request was looked at in.
    static func wrongGroup(_ state: String) -> [IOSRow] {
        [
            .sa("The peer's KE payload contained the wrong DH group"), .trace(state, "EV_INV_KE"),
            .sa(
                "Sending invalid ke notification, peer sent group {sentGroup}, "
                    + "local policy prefers group {wantedGroup}"),
        ]
    }
    static let childRefused: [IOSRow] = [
        .trace("CHILD_R_DONE", "EV_FAIL"), .sa("Create child exchange failed"), .trace("EXIT", "EV_ABORT"),
        .sa("Sent response with message id {id}, Requests can be accepted from range {acceptFrom} to {acceptTo}"),
        .trace("EXIT", "EV_CHK_PENDING_ABORT"), .trace("EXIT", "EV_UPDATE_CAC_STATS"),
    ]

    // MARK: CREATE_CHILD_SA, initiator

    static let ikeRekeying: [IOSRow] =
        [
            .trace("READY", "EV_INIT_CREATE_CHILD"), .null, .trace("CHILD_I_INIT", "EV_INIT_CREATE_CHILD"), .null,
            .trace("CHILD_I_IKE", "EV_REKEY_IKESA"), .trace("CHILD_I_IKE", "EV_GET_IKE_POLICY"),
            .plain("% Getting preshared key by address {peer}"),
            .plain("Adding Proposal {proposal} to toolkit policy"), .sa("Using IKEv2 profile '{profile}'"),
            .trace("CHILD_I_IKE", "EV_SET_POLICY"), .sa("Setting configured policies"),
        ] + builtWithGroup
    private static let builtWithGroup: [IOSRow] =
        publicValue("CHILD_I_BLD_MSG") + [.trace("CHILD_I_BLD_MSG", "EV_BLD_MSG")]
    static func childInitiating(isRekey: Bool, group: Bool) -> [IOSRow] {
        [.trace("READY", "EV_INIT_CREATE_CHILD"), .null, .trace("CHILD_I_INIT", "EV_INIT_CREATE_CHILD"), .null]
            + (isRekey ? [.trace("CHILD_I_IPSEC", "EV_REKEY_IPSECSA")] : [])
            + [.trace("CHILD_I_IPSEC", "EV_SET_POLICY")]
            + (group ? builtWithGroup : [.trace("CHILD_I_BLD_MSG", "EV_BLD_MSG")])
    }
    static let childSent: [IOSRow] = [.trace("CHILD_I_WAIT", "EV_NO_EVENT")]
    static let childAnswerReceived: [IOSRow] = [
        .trace("CHILD_I_WAIT", "EV_RECV_CREATE_CHILD"), .null, .trace("CHILD_I_PROC", "EV_CHK4_NOTIFY"),
    ]
    /// The responder wants another group: once more.
    static let again: [IOSRow] = [.sa(otherGroup)] + builtWithGroup
    private static let childProcessed: [IOSRow] = [
        .trace("CHILD_I_PROC", "EV_VERIFY_MSG"), .trace("CHILD_I_PROC", "EV_PROC_MSG"),
        .trace("CHILD_I_PROC", "EV_CHK4_PFS"),
    ]
    static let ikeRekeyed: [IOSRow] =
        childProcessed + secret("CHILD_I_PROC") + [
            .trace("CHILD_I_PROC", "EV_CHK_IKE_REKEY"), .trace("CHILD_I_PROC", "EV_GEN_SKEYID"),
            .sa("Generate skeyid"), .trace("CHILD_I_DONE", "EV_ACTIVATE_NEW_SA"),
            .trace("CHILD_I_DONE", "EV_UPDATE_CAC_STATS"), .plain("New ikev2 sa request activated"),
            .plain("Failed to decrement count for outgoing negotiating"), .trace("CHILD_I_DONE", "EV_CHECK_DUPE"),
            .trace("CHILD_I_DONE", "EV_OK"),
        ] + processed
    static func childMade(group: Bool) -> [IOSRow] {
        childProcessed + (group ? secret("CHILD_I_PROC") : []) + [
            .trace("CHILD_I_PROC", "EV_CHK_IKE_REKEY"), .trace("CHILD_I_DONE", "EV_GEN_LOAD_IPSEC"),
            .sa("Asynchronous request queued"), .trace("CHILD_I_DONE", "EV_NO_EVENT"),
            .plain("Adding ident handle 0x{handle} associated with SPI 0x{inbound} for session {ipsecSession}"),
            .trace("CHILD_I_DONE", "EV_OK_REC'D_LOAD_IPSEC"), .null, .trace("CHILD_I_DONE", "EV_OK"),
        ] + processed
    }
    static let childFailed: [IOSRow] =
        [.trace("CHILD_I_DONE", "EV_FAIL"), .sa("Create child exchange failed")] + processed

    // MARK: INFORMATIONAL

    static let informationalReceived: [IOSRow] = [
        .trace("READY", "EV_RECV_INFO_REQ"), .null, .trace("INFO_R", "EV_RECV_INFO_REQ"),
    ]
    static let lifeAsked: [IOSRow] = [.sa("Received DPD/liveness query")]
    static let acknowledging: [IOSRow] = [.sa("Sending ACK to informational exchange")]
    static let informationalAnswered: [IOSRow] = [.trace("INFO_R", "EV_TRYSEND"), .trace("INFO_R", "EV_CHK_INFO_TYPE")]
    static let deleteAsked: [IOSRow] = [.sa("Process delete request from peer")]
    static let informationalEnd: [IOSRow] = [.trace("INFO_R", "EV_START_DEL_NEG_TMR"), .null] + answered
    static let askingForLife: [IOSRow] = [
        .trace("READY", "EV_INIT_DPD"), .sa("Sending DPD/liveness query"),
    ]
    static let deleting: [IOSRow] = [
        .trace("READY", "EV_DELETE"), .null, .trace("DELETE", "EV_DELETE"), .trace("INFO_I_BLD_INFO", "EV_SEND_DEL"),
    ]
    static let deletingChild: [IOSRow] = [.trace("READY", "EV_SEND_DEL"), .trace("INFO_I_BLD_INFO", "EV_SEND_DEL")]
    static let informationalSent: [IOSRow] = [.trace("INFO_I_WAIT", "EV_NO_EVENT")]
    static let acknowledged: [IOSRow] =
        [
            .trace("INFO_I_WAIT", "EV_RECV_INFO_ACK"), .sa("Processing ACK to informational exchange"),
            .trace("INFO_I_WAIT", "EV_CHK_INFO_TYPE"),
        ] + processed
    /// An IKE SA is gone.
    static let freed: [IOSRow] = [.trace("DELETE", "EV_FREE_SA"), .sa("Deleting SA")]

    // MARK: Ends

    private static let answered: [IOSRow] = [
        .trace("EXIT", "EV_CHK_PENDING"),
        .sa("Sent response with message id {id}, Requests can be accepted from range {acceptFrom} to {acceptTo}"),
        .trace("EXIT", "EV_NO_EVENT"),
    ]
    private static let processed: [IOSRow] = [
        .trace("EXIT", "EV_CHK_PENDING"),
        .sa("Processed response with message id {id}, Requests can be sent from range {sendFrom} to {sendTo}"),
        .trace("EXIT", "EV_NO_EVENT"),
    ]
    /// An error that ends an IKE SA before it stands.
    static let initFailed: [IOSRow] = [
        .trace("INIT_DONE", "EV_FAIL"), .sa("Initial exchange failed"), .trace("EXIT", "EV_ABORT"),
    ]
    static let authFailed: [IOSRow] = [
        .trace("AUTH_DONE", "EV_FAIL"), .sa("Auth exchange failed"), .trace("EXIT", "EV_ABORT"),
    ]
}
