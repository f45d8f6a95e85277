import IKEWire

/// What must hold of any octets: they are refused with an error, or they mean something that can be written and is read
/// back as the same. A trap, a read beyond the end (AddressSanitizer) or a broken promise ends the run.
///
/// The input is read thrice: as a datagram; as one whose Length was set right, which random octets rarely have; and,
/// behind a first octet for the type, as the inside of an Encrypted payload.
package enum MessageChecks {
    package static func run(_ input: [UInt8]) {
        var octets = input
        checkDatagram(octets)
        if let first = octets.first { checkInside(PayloadType(first), octets.dropFirst()) }
        if octets.count >= IKEHeader.octetCount {
            for byte in 0..<4 { octets[24 + byte] = UInt8(truncatingIfNeeded: octets.count >> (24 - 8 * byte)) }
            checkDatagram(octets)
        }
    }
}

private func checkDatagram(_ octets: [UInt8]) {
    _ = EncapsulatedDatagram(parsing: octets[...])
    do {
        let message = try Message(parsing: octets)
        precondition((try? Message(parsing: message.encoded())) == message, "a message is not what it is written as")
        precondition(message.payloads.count <= WireLimit.payloads)
        if let protected = message.protected {
            precondition(protected.prefix + protected.body == octets, "an Encrypted payload lost octets")
        }
        _ = message.payloadList()
        checkNotifications(message.payloads)
    } catch {
        check(error, octets.count)
    }
}

private func checkInside(_ first: PayloadType, _ octets: ArraySlice<UInt8>) {
    do {
        let payloads = try Message.parsePayloads(first: first, octets)
        let (again, written) = Message.encodePayloads(payloads)
        let reread = try? Message.parsePayloads(first: again, written[...])
        precondition(reread == payloads, "payloads are not what they are written as")
        precondition(written.count <= octets.count, "payloads grew in writing")
        checkNotifications(payloads)
    } catch {
        check(error, octets.count)
    }
}

/// An error says where: within what was parsed.
private func check(_ error: WireError, _ count: Int) {
    precondition((0...count).contains(error.offset), "offset \(error.offset) of \(count) octets")
    precondition(!error.description.isEmpty)
}

private func checkNotifications(_ payloads: [Payload]) {
    for case .notify(let notify) in payloads {
        _ = try? notify.ticketWithLifetime()
        _ = try? notify.keyExchangeGroup()
        _ = try? notify.signatureHashAlgorithms()
    }
    for case .authentication(let payload) in payloads { _ = try? DigitalSignatureData(parsing: payload.data) }
}
