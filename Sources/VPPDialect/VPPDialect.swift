package import DialectKit
import IKECrypto
package import IKEModel
import IKEWire
import NetAddress
package import VPPForwarder

/// FD.io VPP's manner of speaking: the commands of `vppctl` and of VAT, as release 17.04 has them, on top of a forwarder of
/// its own.
package final class VPPDialect: Dialect {
    /// Packets that ESP of a Child SA may come late.
    static let replayWindow = 64
    /// Lines of `show logging`.
    private static let logLimit = 512

    package let wireProfile = WireProfile.vpp
    /// IKE comes to VPP's own interfaces, by its forwarder.
    package let ports: [UInt16] = []
    package let showsKeys = true

    let forwarder: Forwarder
    /// A file of commands that is carried out at the start.
    private let startup: String?
    private let log: String
    var profiles: [IKEProfile] = []
    var key: PrivateKey?
    var keys: [IKESAID: ExportedIKEKeys] = [:]
    /// The SPIs of IKE SAs, for the log.
    private var names: [IKESAID: (initiator: UInt64, responder: UInt64)] = [:]
    private(set) var logged: [String] = []
    private var lastConnection: UInt64 = 0
    /// Connections of profiles as they were, whose SAs live on.
    private var retired: Set<ConnectionID> = []
    private var echoes: [UInt64: SessionID] = [:]

    package init(forwarder: Forwarder, startup: String? = nil, log: String = "/tmp/vpp.log") {
        self.forwarder = forwarder
        self.startup = startup
        self.log = log
    }

    package func start(_ view: any DaemonView) throws(StartFailure) -> [DialectEffect] {
        var effects: [DialectEffect] = [.logFile(log, append: false)]
        guard let startup else { return effects }
        let octets: [UInt8]
        do throws(FileFailure) { octets = try view.readFile(startup) } catch {
            throw StartFailure("\(startup): \(error)")
        }
        for line in octets.split(separator: UInt8(ascii: "\n")) {
            let text = String(decoding: line, as: UTF8.self)
            let words = Self.words(text)
            guard let first = words.first, !first.hasPrefix("#"), !first.hasPrefix("//") else { continue }
            do throws(CommandFailure) { effects += try run(words, view).effects } catch {
                effects.append(.log("\(startup): \(text): \(error.text)"))
            }
        }
        return effects
    }

    static func words(_ line: String) -> [String] {
        line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" }).map(String.init)
    }

    // MARK: Commands

    package func accept(
        _ request: ClientRequest, from session: SessionID, _ view: any DaemonView
    ) -> [DialectEffect] {
        var words = request.arguments.dropFirst().flatMap(Self.words)
        if request.arguments.first == "vpp_api_test" { words.insert("binary-api", at: 0) }
        if words == ["--shutdown"] { return [.command(.shutdown), .finish(session, status: 0), .exit] }
        if words.last == "?" {
            return [.write(session, CommandTable.help(words.dropLast())), .finish(session, status: 0)]
        }
        guard !words.isEmpty else { return [.finish(session, status: 0)] }
        do throws(CommandFailure) {
            let answer = try run(words, view)
            let effects = answer.effects + (answer.text.isEmpty ? [] : [.write(session, answer.text)])
            if let echo = answer.echo {
                echoes[echo] = session
                // The target may be one of our own addresses: then the answer is there already.
                return effects + dataPlaneWorked(view)
            }
            return effects + [.finish(session, status: 0)]
        } catch {
            return [.write(session, error.text + "\n"), .finish(session, status: 0)]
        }
    }

    /// One command; what is said of a failure begins with the command's name.
    func run(_ words: [String], _ view: any DaemonView) throws(CommandFailure) -> CommandAnswer {
        switch CommandTable.match(words) {
        case .row(let row, var rest):
            do throws(CommandFailure) { return try row.action(self, &rest, view) } catch {
                throw error.isWhole ? error : CommandFailure(text: "\(row.name): \(error.text)", isWhole: true)
            }
        case .unknown(let name, let rest):
            let unknown = CommandWords(rest).unknownInput.text
            throw CommandFailure(text: name.isEmpty ? unknown : "\(name): \(unknown)", isWhole: true)
        }
    }

    func binary(_ words: [String], _ view: any DaemonView) throws(CommandFailure) -> CommandAnswer {
        guard let name = words.first, let translation = BinaryCommands.rows[name] else {
            throw CommandFailure(text: "'\(words.first ?? "")': function not found", isWhole: true)
        }
        var arguments = BinaryCommands.Arguments(Array(words.dropFirst()))
        let line: [String]
        do throws(CommandFailure) { line = try translation(&arguments, self) } catch {
            throw CommandFailure(text: "\(name) error: \(error.text)", isWhole: true)
        }
        do throws(CommandFailure) { return try run(line, view) } catch {
            throw CommandFailure(text: "\(name) error: \(error.text)", isWhole: true)
        }
    }

    package func disconnected(_ session: SessionID) {
        for (echo, owner) in echoes where owner == session {
            forwarder.stopEcho(echo)
            echoes[echo] = nil
        }
    }

    package func dataPlaneWorked(_ view: any DaemonView) -> [DialectEffect] {
        forwarder.takeEchoReports().flatMap { report -> [DialectEffect] in
            guard let session = echoes[report.number] else { return [] }
            switch report.kind {
            case .reply(let sequence, let octets, let timeToLive, let after):
                let text = "\(octets) bytes from \(report.target): icmp_seq=\(sequence) ttl=\(timeToLive)"
                return [.write(session, "\(text) time=\(Self.milliseconds(after)) ms\n")]
            case .finished(let sent, let received):
                echoes[report.number] = nil
                let loss = sent == 0 ? 0 : (sent - received) * 100 / sent
                let text = "\nStatistics: \(sent) sent, \(received) received, \(loss)% packet loss\n"
                return [.write(session, text), .finish(session, status: 0)]
            }
        }
    }

    /// Four digits behind the point, and no zero alone before it.
    private static func milliseconds(_ time: Duration) -> String {
        let units = max(0, time.nanosecondCount) / 100
        let fraction = String(units % 10000)
        return (units >= 10000 ? String(units / 10000) : "") + "." + String(repeating: "0", count: 4 - fraction.count)
            + fraction
    }

    // MARK: Profiles

    func profile(_ name: String) -> Int? { profiles.firstIndex { $0.name == name } }

    /// Makes the engine's connection what the profile says now. One whose SAs stand is left to them and another put beside it:
    /// VPP's SAs do not mind what becomes of their profile.
    func tellEngine(_ index: Int, _ view: any DaemonView) -> [DialectEffect] {
        let profile = profiles[index]
        let source = profile.responder.flatMap { responder in
            forwarder.interfaces[responder.interface].flatMap { forwarder.source(of: $0, responder.address.family) }
        }
        let old = profile.connection
        let id = old?.id ?? ConnectionID(lastConnection + 1)
        guard var made = profile.connection(id: id, key: key, source: source) else { return secrets }
        if made == old { return secrets }
        var effects: [DialectEffect] = []
        if let old {
            if view.ikeSAs.contains(where: { $0.connection == old.id }) {
                retired.insert(old.id)
            } else {
                effects.append(.command(.remove(old.id)))
            }
            made.id = ConnectionID(lastConnection + 1)
        }
        lastConnection = made.id.number
        profiles[index].connection = made
        return effects + [.command(.add(made))] + secrets
    }

    private var secrets: [DialectEffect] {
        let entries = profiles.compactMap { profile -> PreSharedKeys.Entry? in
            guard case .sharedKey(let octets, _)? = profile.authentication, let local = profile.local,
                let remote = profile.remote
            else { return nil }
            return PreSharedKeys.Entry(
                indices: [.identification(local.value), .identification(remote.value)], secret: SecretBytes(octets))
        }
        return [.command(.setSecrets(PreSharedKeys(entries)))]
    }

    // MARK: Events

    package func render(_ event: Event, _ view: any DaemonView) -> [DialectEffect] {
        func line(_ ike: IKESAID, _ text: String, withResponder: Bool = true) -> [DialectEffect] {
            // One that an event says the end of is no longer listed.
            if let found = view.ikeSAs.first(where: { $0.ike == ike }) {
                names[ike] = (found.initiatorSPI.value, found.responderSPI.value)
            }
            guard let name = names[ike] else { return note("debug", text, view) }
            let responder = withResponder ? " rspi \(String(name.responder, radix: 16))" : ""
            return note("debug", "ispi \(String(name.initiator, radix: 16))" + responder + " " + text, view)
        }
        switch event {
        case .ikeKeys(let ike, let exported):
            keys[ike] = exported
            return []
        case .requestReceived(let ike, let exchange, _, let from, _):
            return line(ike, "\(Self.name(exchange, isResponse: false)) received from \(from.address)")
        case .responseReceived(let ike, let exchange, let from, _, _):
            return line(ike, "\(Self.name(exchange, isResponse: true)) received from \(from.address)")
        case .suiteAgreed(let ike, _): return line(ike, "SA state changed to SA_INIT", withResponder: false)
        case .ikeEstablished(let ike, _, _, _):
            return line(ike, "SA state changed to AUTHENTICATED", withResponder: false)
        case .ikeFailed(let ike, _, let reason):
            return line(ike, "SA state changed to \(Self.state(reason))", withResponder: false)
        case .timedOut(let ike, _, _, _): return line(ike, "SA state changed to DELETED", withResponder: false)
        case .childRejected(_, let ike, let reason):
            return line(ike, "SA state changed to \(Self.state(reason))", withResponder: false)
        case .ikeDeleted(let ike, _, let reason):
            keys[ike] = nil
            let old = retired.filter { id in !view.ikeSAs.contains { $0.connection == id && $0.ike != ike } }
            retired.subtract(old)
            let effects =
                reason == .peerRequest
                ? line(ike, "SA state changed to NOTIFY_AND_DELETE", withResponder: false) : []
            names[ike] = nil
            return effects + old.sorted().map { .command(.remove($0)) }
        default: return []
        }
    }

    private static func name(_ exchange: ExchangeType, isResponse: Bool) -> String {
        switch exchange {
        case .ikeSAInit: "IKE_INIT " + (isResponse ? "response" : "request")
        case .ikeAuth: "EXCHANGE_IKE_AUTH"
        case .createChildSA: "CREATE_CHILD_SA"
        default: "INFORMATIONAL"
        }
    }

    private static func state(_ reason: FailureReason) -> String {
        switch reason {
        case .refusing(.noProposalChosen), .refused(.noProposalChosen): "NO_PROPOSAL_CHOSEN"
        case .refusing(.tsUnacceptable), .refused(.tsUnacceptable): "TS_UNACCEPTABLE"
        case .timedOut: "DELETED"
        default: "AUTH_FAILED"
        }
    }

    /// A line of `show logging`, which is the log's too.
    private func note(_ level: String, _ text: String, _ view: any DaemonView) -> [DialectEffect] {
        let line =
            LogTime(view.wallClockMicroseconds).text + " " + Columns.left(level, 10) + " "
            + Columns.left("ikev2", 14) + " " + text
        logged.append(line)
        if logged.count > Self.logLimit { logged.removeFirst() }
        return [.log(line)]
    }
}
