import DialectKit
import IKECrypto
import IKEModel
import IKEWire
import NetAddress
import VPPForwarder

extension VPPDialect {
    /// `show ikev2 sa`, with all its keys, as 17.04 has it.
    func ikeListing(_ view: any DaemonView) -> String {
        view.ikeSAs.map { ike in
            let head = heading(ike)
            var text = " \(head)\n"
            if let suite = ike.suite {
                text += " encr:\(AlgorithmNames.name(transform: suite.cipher)) prf:\(AlgorithmNames.name(suite.prf))"
                text += "  integ:\(AlgorithmNames.name(transform: suite.integrity))"
                text += " dh-group:\(AlgorithmNames.name(suite.keyExchange))\n"
            }
            if let keys = keys[ike.ike] {
                text += pair(" nonce ", keys.initiatorNonce, keys.responderNonce)
                text += " SK_d    \(Columns.hex(keys.skD.exposed))\n"
                if !keys.skAi.isEmpty { text += pair(" SK_a  ", keys.skAi.exposed, keys.skAr.exposed) }
                text += pair(" SK_e  ", keys.skEi.exposed, keys.skEr.exposed)
                text += pair(" SK_p  ", keys.skPi.exposed, keys.skPr.exposed)
            }
            let profile = profiles.first { $0.connection?.id == ike.connection }
            let (mine, theirs) = (profile?.local?.value, ike.peer ?? profile?.remote?.value)
            let (initiator, responder) = ike.role == .initiator ? (mine, theirs) : (theirs, mine)
            if let initiator { text += " identifier (i) \(IKEProfile.Identity.text(initiator))\n" }
            if let responder { text += " identifier (r) \(IKEProfile.Identity.text(responder))\n" }
            let children = view.childSAs.filter { $0.ike == ike.ike }
            for (number, child) in children.enumerated() { text += self.text(child, number) }
            return text + " \(head)\n"
        }.joined()
    }

    func heading(_ ike: IKESnapshot) -> String {
        let ends = ike.role == .initiator ? (ike.local, ike.remote) : (ike.remote, ike.local)
        return "iip \(ends.0.address) ispi \(String(ike.initiatorSPI.value, radix: 16)) rip \(ends.1.address)"
            + " rspi \(String(ike.responderSPI.value, radix: 16))"
    }

    private func pair(_ name: String, _ initiator: [UInt8], _ responder: [UInt8]) -> String {
        let space = String(repeating: " ", count: name.count)
        return "\(name)i:\(Columns.hex(initiator))\n\(space)r:\(Columns.hex(responder))\n"
    }

    private func text(_ child: ChildFacts, _ number: Int) -> String {
        var text = "   child sa \(number):\n"
        text += "    encr:\(AlgorithmNames.name(transform: child.suite.cipher)) "
        text += "integ:\(AlgorithmNames.name(transform: child.suite.integrity))"
        text += "  esn:\(child.suite.extendedSequenceNumbers ? "yes" : "no")\n"
        let isInitiator = child.role == .initiator
        let (first, second) = isInitiator ? (child.inbound, child.outbound) : (child.outbound, child.inbound)
        text += "    spi(i) \(String(first.value, radix: 16)) spi(r) \(String(second.value, radix: 16))\n"
        if let tunnel = forwarder.tunnel(of: child.child),
            let heard = tunnel.inbound.first(where: { $0.child == child.child })?.association.settings
        {
            let sent = tunnel.outbound.settings
            let (i, r) = isInitiator ? (sent, heard) : (heard, sent)
            text += pair("    SK_e  ", i.encryptionKey.exposed, r.encryptionKey.exposed)
            if !i.integrityKey.isEmpty {
                text += pair("    SK_a  ", i.integrityKey.exposed, r.integrityKey.exposed)
            }
        }
        let selectors =
            isInitiator
            ? (child.localSelectors, child.remoteSelectors) : (child.remoteSelectors, child.localSelectors)
        for (end, list) in [("i", selectors.0), ("r", selectors.1)] {
            text += "    traffic selectors (\(end)):\n"
            for (number, selector) in list.enumerated() {
                text += "     \(number) type \(selector.family == .v4 ? 7 : 8) protocol_id \(selector.ipProtocol) addr "
                text += "\(selector.addresses.first) - \(selector.addresses.last)"
                text += " port \(selector.startPort) - \(selector.endPort)\n"
            }
        }
        return text
    }
}
