import CaptureFile
import IKEWire
import NetAddress
package import Scenario

/// Reads the IKE messages of a capture, with keys or without: the parser of the wire does all of it.
package enum CaptureReading {
    /// - Throws: where the file is no capture, or holds no IKE message.
    static func read(_ octets: [UInt8], file: String, keys: ExportedKeys) throws(InputError) -> InputFacts {
        let start = LogPosition(file, frame: 1)
        let packets: [CapturedPacket]
        let linkType: LinkType
        do throws(CaptureError) {
            (linkType, packets) = try CaptureReader.packets(octets)
        } catch { throw InputError(start, "no capture that can be read: \(error)") }
        let capture = DecodedCapture(packets, linkType: linkType, keys: keys)
        guard !capture.datagrams.isEmpty else {
            throw InputError(start, "no IKE message in \(packets.count) packets: expected UDP port 500 or 4500")
        }
        return facts(capture, file: file)
    }

    /// What a decoded capture says.
    package static func facts(_ capture: DecodedCapture, file: String) -> InputFacts {
        var facts = InputFacts(file, .capture)
        // Where each message stands in the facts; nil for a fragment that stands for none.
        var seen: [[UInt8]: Int?] = [:]
        for datagram in capture.datagrams {
            // A retransmission is octet for octet the message before (RFC 7296 §2.1).
            let octets = datagram.message.encoded()
            if let before = seen[octets] {
                if let before {
                    facts.messages[before].remarks.append(
                        Remark(LogPosition(file, frame: datagram.frame), .retransmission))
                }
                continue
            }
            seen[octets] = .some(nil)
            // Of fragments the last to come has it all.
            if case .fragment(let number, let total)? = datagram.message.protected?.kind, datagram.inner.isEmpty {
                guard datagram.plaintext == nil, number == total else { continue }
            }
            // One that was decrypted and could not be read is as one that was not opened: nothing of it is known.
            let isRead = datagram.plaintext.map { $0.isEmpty || !datagram.inner.isEmpty } ?? false
            var message = logged(
                datagram.message, inner: isRead ? datagram.inner : nil,
                at: LogPosition(file, frame: datagram.frame))
            message.sighting = .captured
            (message.source, message.destination) = ("\(datagram.source)", "\(datagram.destination)")
            message.remarks += AddressTranslation.remarks(datagram, at: message.position)
            seen[octets] = facts.messages.count
            facts.messages.append(message)
        }
        facts.gaps = capture.malformed.map { "\(file): \($0)" }
        let closed = capture.datagrams.filter { $0.isProtected && $0.plaintext == nil }.count
        if closed > 0 { facts.gaps.append("\(file): \(closed) encrypted messages that no key opens") }
        return facts
    }

    /// A message of the wire, as a log would have it.
    /// - Parameter inner: what its Encrypted payload held; nil where that isn't known.
    static func logged(_ message: Message, inner: [Payload]? = nil, at position: LogPosition) -> LoggedMessage {
        let header = message.header
        var result = LoggedMessage(
            position, header.exchangeType, isResponse: header.isResponse, messageID: header.messageID)
        result.isFromInitiator = header.isInitiator
        (result.initiatorSPI, result.responderSPI) = (header.initiatorSPI, header.responderSPI)
        let payloads = message.payloads + (inner ?? [])
        if message.protected == nil || inner != nil {
            result.payloads = payloads.map { $0.listName(isResponse: header.isResponse) }
        }
        for payload in payloads {
            switch payload {
            case .securityAssociation(let proposals):
                result.proposals = proposals.map { LoggedProposal($0) }
                if header.exchangeType == .createChildSA, let first = proposals.first, first.protocolID == .ike {
                    result.replacementSPI = IKESPI(octets: first.spi)
                }
            case .keyExchange(let exchange): result.group = exchange.group
            case .identificationInitiator(let identity): result.initiatorID = text(identity)
            case .identificationResponder(let identity): result.responderID = text(identity)
            case .trafficSelectorsInitiator(let selectors): result.initiatorSelectors = selectors
            case .trafficSelectorsResponder(let selectors): result.responderSelectors = selectors
            case .delete(let delete): result.deletes = result.deletes == .ike ? .ike : delete.protocolID
            case .notify(let notify): result.notifies.append(LoggedMessage.Notify(notify.type, data: notify.data))
            case .authentication(let proof) where proof.method == .sharedKeyMIC:
                result.remarks.append(Remark(position, .authentication("pre-shared key")))
            default: break
            }
        }
        return result
    }

    /// `192.0.2.1`, `@west.example`; nil for what has no plain text.
    private static func text(_ identity: Identification) -> String? {
        switch identity.type {
        case .ipv4Address, .ipv6Address: IPAddress(octets: identity.data).map { "\($0)" }
        case .fqdn: "@" + String(decoding: identity.data, as: UTF8.self)
        case .rfc822Address: String(decoding: identity.data, as: UTF8.self)
        default: nil
        }
    }
}
