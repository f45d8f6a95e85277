import IKEModel
import NetAddress

extension IKESA {
    var isOverStream: Bool { remote.transport == .tcp }
}

/// IKE over TCP (RFC 9329): connections that are opened before an IKE SA, lost, opened again, and left.
extension Engine {
    /// A TCP connection that ends again and again is opened anew after 1, 2, 4, ... seconds, at most these.
    private static let longestReopeningWait = Duration.seconds(64)

    /// The ends of a new IKE SA's messages; nil where a TCP connection has to be opened first, which goes on by itself.
    func ends(
        of connection: Connection, local: IPAddress, remote: IPAddress
    ) -> (local: Endpoint, remote: Endpoint)? {
        guard usesTCP(connection) else {
            return (Endpoint(local, port: connection.local.port), Endpoint(remote, port: connection.remote.port))
        }
        if records[connection.id]?.isOpeningStream == true { return nil }
        records[connection.id]?.isOpeningStream = true
        outbox.append(
            .stream(
                .open(
                    .initiate(connection.id), local: local,
                    remote: Endpoint(remote, port: connection.remoteTCPPort, transport: .tcp),
                    timeout: connection.retransmission.timeout)))
        return nil
    }

    private func usesTCP(_ connection: Connection) -> Bool {
        switch connection.transport {
        case .udp: false
        case .tcp: true
        case .udpThenTCP: records[connection.id]?.prefersTCP ?? false
        }
    }

    func take(_ report: StreamReport) {
        switch report {
        case .opened(.initiate(let id), let local, let remote): beginOverStream(id, local: local, remote: remote)
        case .opened(.resume(let id), let local, let remote): resumeOverStream(id, local: local, remote: remote)
        case .failed(.initiate(let id), let remote, let failure): streamFailed(id, remote, failure)
        case .failed(.resume(let id), _, _): if let ike = ikes[id] { scheduleReopening(ike) }
        case .closed(let local, let remote): streamClosed(local: local, remote: remote)
        }
    }

    // MARK: A new IKE SA

    private func beginOverStream(_ id: ConnectionID, local: Endpoint, remote: Endpoint) {
        guard let record = records[id], record.isOpeningStream else {
            // Nobody wants it any more.
            outbox.append(.stream(.close(local: local, remote: remote)))
            return
        }
        records[id]?.isOpeningStream = false
        let connection = record.connection
        if connection.sessionResumption, let ticket = record.ticket, ticket.expires > now {
            startSessionResume(connection, ticket, local: local, remote: remote)
        } else {
            startIKESAInit(connection, local: local, remote: remote)
        }
    }

    private func streamFailed(_ id: ConnectionID, _ remote: Endpoint, _ failure: StreamFailure) {
        guard let record = records[id], record.isOpeningStream else { return }
        records[id]?.isOpeningStream = false
        records[id]?.prefersTCP = false
        emit(.streamFailed(id, to: remote, failure))
        if record.isInitiating {
            finishInitiation(id, succeeded: false)
        } else if record.staysUp {
            reviveLater(id, .failed(.timedOut))
        }
    }

    /// The operator has changed his mind.
    func forgetStream(of id: ConnectionID) {
        for ike in ikes.values where ike.queue.contains(id) {
            ike.queue.removeAll { $0 == id }
            finishInitiation(id, succeeded: false)
        }
        guard records[id]?.isOpeningStream == true else { return }
        records[id]?.isOpeningStream = false
        finishInitiation(id, succeeded: false)
    }

    /// RFC 9329 §5.1: nothing came back over UDP, or over TCP; the next attempt takes the other way.
    func noteTransportFailure(_ ike: IKESA) {
        guard let id = ike.connection, case .udpThenTCP? = records[id]?.connection.transport else { return }
        switch ike.phase {
        case .initSent, .resumeSent: records[id]?.prefersTCP = !ike.isOverStream
        case .intermediateSent, .awaitingAuth, .awaitingEAP, .authSent, .established, .deleting: break
        }
    }

    // MARK: Loss

    /// RFC 9329 §6.1: the SAs stand; who opened the connection opens another.
    private func streamClosed(local: Endpoint, remote: Endpoint) {
        let carried = ikes.values.filter { $0.local == local && $0.remote == remote }.sorted { $0.id < $1.id }
        for ike in carried {
            emit(.streamLost(ike.id))
            // The newest takes those along that it is to replace.
            if ike.originatesStream, ike === carried.last { scheduleReopening(ike) }
        }
    }

    private func scheduleReopening(_ ike: IKESA) {
        ike.isStreamLost = true
        ike.streamReopenings += 1
        guard ike.streamReopenings > 1 else {
            reopenStream(ike)
            return
        }
        let wait = Duration.seconds(1 << min(ike.streamReopenings - 2, 6))
        timers.set(.streamReopening(ike.id), at: now + min(wait, Engine.longestReopeningWait))
    }

    func reopenStream(_ ike: IKESA) {
        guard ike.isStreamLost else { return }
        let timeout = connection(of: ike)?.retransmission.timeout ?? RetransmissionSchedule().timeout
        outbox.append(
            .stream(.open(.resume(ike.id), local: ike.local.address, remote: ike.remote, timeout: timeout)))
    }

    /// RFC 9329 §7.1: who opened the connection opens one from the new address, and the peer is told by it.
    func relocateStream(_ ike: IKESA, to address: IPAddress) {
        guard ike.originatesStream, !ike.isStreamLost else { return }
        outbox.append(.stream(.close(local: ike.local, remote: ike.remote)))
        ike.isStreamLost = true
        let timeout = connection(of: ike)?.retransmission.timeout ?? RetransmissionSchedule().timeout
        outbox.append(.stream(.open(.resume(ike.id), local: address, remote: ike.remote, timeout: timeout)))
    }

    private func resumeOverStream(_ id: IKESAID, local: Endpoint, remote: Endpoint) {
        guard let ike = ikes[id], ike.isStreamLost else {
            outbox.append(.stream(.close(local: local, remote: remote)))
            return
        }
        let before = (ike.local, ike.remote)
        for other in ikes.values.sorted(by: { $0.id < $1.id }) where (other.local, other.remote) == before {
            other.isStreamLost = false
            move(other, local: local, remote: remote)
            emit(.streamRestored(other.id, local: local))
            // RFC 9329 §6.2: what waits for its response has to be sent again.
            for place in other.outstanding.indices {
                let datagrams = other.outstanding[place].datagrams.map { other.datagram($0.octets) }
                other.outstanding[place].datagrams = datagrams
                transmit(datagrams, of: other, other.outstanding[place].exchange, isResponse: false)
            }
            if !other.outstanding.isEmpty { continue }
            if case .established = other.phase {
                // The peer has to be shown the way to us.
                if other.mobility?.decides == true { updateAddresses(other) } else { probe(other) }
            }
        }
    }

    /// RFC 9329 §6.1: the peer's answers go to where it was last heard from.
    func followStream(_ ike: IKESA, local: Endpoint, remote: Endpoint) {
        guard !ike.originatesStream, local != ike.local || remote != ike.remote else { return }
        forgetInitialRequest(of: ike)
        move(ike, local: local, remote: remote)
    }

    /// The TCP connection of an IKE SA that has gone, unless its replacement uses it (RFC 9329 §6.1).
    func releaseStream(_ ike: IKESA) {
        guard ike.originatesStream, !ike.isStreamLost,
            !ikes.values.contains(where: { $0.local == ike.local && $0.remote == ike.remote })
        else { return }
        outbox.append(.stream(.close(local: ike.local, remote: ike.remote)))
    }
}
