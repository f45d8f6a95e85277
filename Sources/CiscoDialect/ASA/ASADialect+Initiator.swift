import DialectKit
import IKEModel
import IKEWire
import NetAddress

/// What an ASA's state machine goes through as initiator, which its document does not show. The toolkit is a router's, and so
/// are the states and their order: those of `IOSDebugTable`, without what a router says between them.
extension ASADialect {
    /// The states of a router's rows, as an ASA prints them.
    func steps(
        _ rows: [IOSRow], _ ike: IKESAID, _ messageID: UInt32, _ view: any DaemonView
    ) -> [DialectEffect] {
        guard !debugging.isEmpty, sessions[ike] != nil else { return [] }
        let own = rows.compactMap { row -> ASARow? in
            switch row {
            case .trace(let state, let event): .trace(state, event)
            case .sa("Action: Action_Null"): .null
            case .sa, .plain: nil
            }
        }
        return show(facts(ike, messageID, view).lines(own))
    }

    /// Before a request of ours.
    func requestSteps(_ message: MessageFacts, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        let payloads = message.payloads
        let table: [IOSRow]
        switch message.exchange {
        case .createChildSA where payloads.proposes(.ike): table = IOSDebugTable.ikeRekeying
        case .createChildSA:
            table = IOSDebugTable.childInitiating(isRekey: payloads.isRekey, group: payloads.keyExchangeGroup != nil)
        case .informational where payloads.isEmpty: table = IOSDebugTable.askingForLife
        case .informational:
            table = payloads.deletes.map { $0 == .ike ? IOSDebugTable.deleting : IOSDebugTable.deletingChild } ?? []
        default: table = []
        }
        return steps(table, ike, message.messageID, view)
    }

    /// Behind it.
    func waiting(_ ike: IKESAID, _ purpose: RequestPurpose, _ view: any DaemonView) -> [DialectEffect] {
        let id = sessions[ike]?.lastRequestID ?? 0
        if case .createChild(let child, _, _, _) = purpose { sessions[ike]?.asked[child] = id }
        switch purpose {
        case .ikeAuth, .ikeAuthAlone: return steps(IOSDebugTable.authSent, ike, id, view)
        case .createChild, .rekeyIKE: return steps(IOSDebugTable.childSent, ike, id, view)
        case .deleteIKE, .deleteChildren, .liveness: return steps(IOSDebugTable.informationalSent, ike, id, view)
        default: return []
        }
    }

    /// Its answer has come.
    func answerSteps(_ message: MessageFacts, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        let table: [IOSRow]
        switch message.exchange {
        case .ikeSAInit: table = IOSDebugTable.initAnswered
        case .ikeAuth: table = IOSDebugTable.authAnswered
        case .createChildSA: table = IOSDebugTable.childAnswerReceived
        case .informational: table = IOSDebugTable.acknowledged
        default: table = []
        }
        return steps(table, ike, message.messageID, view)
    }

    /// A Child SA of ours stands.
    func made(_ facts: ChildFacts, _ view: any DaemonView) -> [DialectEffect] {
        guard facts.role == .initiator, sessions[facts.ike] != nil else { return [] }
        guard let messageID = sessions[facts.ike]?.asked.removeValue(forKey: facts.child) else {
            return steps(IOSDebugTable.initiatorDone, facts.ike, 1, view)
        }
        return steps(
            IOSDebugTable.childMade(group: facts.suite.keyExchange != nil), facts.ike, messageID, view)
    }

    /// A CREATE_CHILD_SA of ours came to nothing.
    func exchangeFailed(_ ike: IKESAID, _ messageID: UInt32, _ view: any DaemonView) -> [DialectEffect] {
        steps(IOSDebugTable.childFailed, ike, messageID, view)
    }
}
