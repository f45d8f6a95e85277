import ESP
package import IKEModel
package import NetAddress

/// `ping`: echo requests, one a second.
struct Echo {
    let number: UInt64
    let identifier: UInt16
    let source: IPAddress
    let target: IPAddress
    let count: Int
    var sent = 0
    var received = 0
    var lastSent: Instant
    /// By sequence number.
    var times: [UInt16: Instant] = [:]
}

/// Something that a `ping` has to say.
package struct EchoReport: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case reply(sequence: UInt16, octets: Int, timeToLive: UInt8, after: Duration)
        case finished(sent: Int, received: Int)
    }
    /// As `startEcho` gave it.
    package var number: UInt64
    package var target: IPAddress
    package var kind: Kind
}

extension Forwarder {
    private static let echoInterval = Duration.seconds(1)
    /// 8 of header and 56 of data, as ping has had them since 1983.
    private static let echoOctets = 64
    private static let ikePort: UInt16 = 500
    private static let encapsulationPort: UInt16 = 4500

    /// A packet for an address of ours.
    func receiveLocal(_ packet: [UInt8], _ fields: PacketFields, on interface: ForwarderInterface) {
        if fields.isFragment {
            // VPP 17.04 does not put them together either.
            count(.fragments)
            interface.counters.drops += 1
            return
        }
        switch fields.ipProtocol {
        case 1 where fields.version == 4, 58 where fields.version == 6: receiveICMP(packet, fields, on: interface)
        case 17: receiveUDP(packet, fields, on: interface)
        case IPHeaders.ProtocolNumber.esp:
            receiveESP(packet[fields.headerLength...], from: fields.source, to: fields.destination, on: interface)
        default:
            count(.unknownProtocol)
            interface.counters.punts += 1
        }
    }

    // MARK: IKE

    private func receiveUDP(_ packet: [UInt8], _ fields: PacketFields, on interface: ForwarderInterface) {
        guard let ports = fields.ports, packet.count >= fields.headerLength + 8 else {
            return interface.counters.drops += 1
        }
        let end = fields.headerLength + Int(packet.word(at: fields.headerLength + 4))
        guard end <= packet.count, end >= fields.headerLength + 8 else { return interface.counters.drops += 1 }
        var payload = packet[(fields.headerLength + 8)..<end]
        let local = Endpoint(fields.destination, port: ports.destination)
        let remote = Endpoint(fields.source, port: ports.source)
        switch ports.destination {
        case Self.ikePort: break
        case Self.encapsulationPort:
            // RFC 3948 §2.2: four zero octets stand before IKE; one octet is a keepalive.
            if payload.count < 4 { return }
            guard payload.prefix(4).allSatisfy({ $0 == 0 }) else {
                return receiveESP(payload, from: fields.source, to: fields.destination, on: interface)
            }
            payload = payload.dropFirst(4)
        default:
            count(.unknownProtocol)
            interface.counters.punts += 1
            return
        }
        count(.ikeReceived)
        datagrams.append(Datagram(local: local, remote: remote, octets: Array(payload)))
    }

    /// The IKE messages that came since the last call.
    package func takeDatagrams() -> [Datagram] {
        defer { datagrams = [] }
        return datagrams
    }

    /// Sends an IKE message.
    package func send(_ datagram: Datagram, at now: Instant) {
        self.now = now
        let marker: [UInt8] = datagram.local.port == Self.ikePort ? [] : [0, 0, 0, 0]
        originate(PacketBuilder.udp(marker + datagram.octets, from: datagram.local, to: datagram.remote))
    }

    // MARK: Echo (RFC 792, RFC 4443 §4)

    private func receiveICMP(_ packet: [UInt8], _ fields: PacketFields, on interface: ForwarderInterface) {
        let body = Array(packet[fields.headerLength..<fields.totalLength])
        let pseudo =
            fields.version == 4 ? 0 : packet.pseudoHeader(ipProtocol: 58, length: body.count)
        guard body.count >= 8, body.checksum(from: 0, to: body.count, adding: pseudo) == 0 else {
            count(.badChecksum)
            return interface.counters.drops += 1
        }
        let (request, answer): (UInt8, UInt8) = fields.version == 4 ? (8, 0) : (128, 129)
        switch body[0] {
        case request:
            var reply = body
            reply[0] = answer
            count(.echoReplies)
            originate(PacketBuilder.icmp(reply, from: fields.destination, to: fields.source))
        case answer: takeReply(body, fields)
        default: interface.counters.drops += 1
        }
    }

    private func takeReply(_ body: [UInt8], _ fields: PacketFields) {
        let sequence = body.word(at: 6)
        guard let index = echoes.firstIndex(where: { $0.identifier == body.word(at: 4) }),
            let sent = echoes[index].times.removeValue(forKey: sequence)
        else { return }
        echoes[index].received += 1
        finishedEchoes.append(
            EchoReport(
                number: echoes[index].number, target: echoes[index].target,
                kind: .reply(
                    sequence: sequence, octets: body.count, timeToLive: fields.timeToLive, after: now - sent)))
        finish(index)
    }

    /// - Parameter source: nil: that of the interface by which the way leads.
    /// - Returns: its number; nil where there is no way to the target, or no address to send from.
    package func startEcho(
        to target: IPAddress, from source: IPAddress?, count: Int, at now: Instant
    ) -> UInt64? {
        self.now = now
        guard let source = source ?? self.source(towards: target) else { return nil }
        lastEchoIdentifier &+= 1
        let number = UInt64(lastEchoIdentifier)
        echoes.append(
            Echo(
                number: number, identifier: lastEchoIdentifier, source: source, target: target, count: count,
                lastSent: now))
        sendEcho(echoes.count - 1)
        return number
    }

    package func stopEcho(_ number: UInt64) { echoes.removeAll { $0.number == number } }

    private func sendEcho(_ index: Int) {
        echoes[index].sent += 1
        echoes[index].lastSent = now
        let echo = echoes[index]
        let sequence = UInt16(truncatingIfNeeded: echo.sent)
        echoes[index].times[sequence] = now
        var body: [UInt8] = [echo.target.family == .v4 ? 8 : 128, 0, 0, 0, 0, 0, 0, 0]
        body.setWord(echo.identifier, at: 4)
        body.setWord(sequence, at: 6)
        body += (0..<(Self.echoOctets - 8)).map { UInt8($0) }
        originate(PacketBuilder.icmp(body, from: echo.source, to: echo.target))
    }

    /// When something is to be done without a packet; nil: never.
    package var nextWake: Instant? { echoes.map { $0.lastSent + Self.echoInterval }.min() }

    /// It is `now`.
    package func wake(at now: Instant) {
        self.now = now
        for index in echoes.indices.reversed() where now >= echoes[index].lastSent + Self.echoInterval {
            if echoes[index].sent < echoes[index].count {
                sendEcho(index)
            } else {
                echoes[index].times = [:]
                finish(index)
            }
        }
    }

    /// The last reply has come, or its time is over.
    private func finish(_ index: Int) {
        guard echoes[index].sent == echoes[index].count, echoes[index].times.isEmpty else { return }
        let echo = echoes.remove(at: index)
        finishedEchoes.append(
            EchoReport(
                number: echo.number, target: echo.target, kind: .finished(sent: echo.sent, received: echo.received)))
    }

    /// What pings have to say since the last call.
    package func takeEchoReports() -> [EchoReport] {
        defer { finishedEchoes = [] }
        return finishedEchoes
    }
}
