import DataPlane
package import DialectKit
import IKECrypto
package import IKEModel
import NetAddress

/// SAs and policies by hand (RFC 4301 §4.5.1): the language of ipsec-tools' `setkey`, on top of any data plane.
///
/// No IKE is spoken. What is added takes effect as soon as it is whole: two policies and two SAs that mirror each other
/// (`ManualDatabase.pairs`); then the data plane installs them as it does a Child SA.
package final class SetkeyDialect: Dialect {
    package let wireProfile = WireProfile()
    package let ports: [UInt16] = []

    private var database = ManualDatabase()
    private var installed: [ManualDatabase.Pair: ChildSAID] = [:]
    /// What the data plane would not have; it is asked again when a part of the pair has changed.
    private var refused: Set<ManualDatabase.Pair> = []
    private var lastChild: UInt64 = 0
    private let log: String

    package init(log: String = "/tmp/setkey.log") { self.log = log }

    package func start(_ view: any DaemonView) throws(StartFailure) -> [DialectEffect] {
        [.logFile(log, append: false)]
    }

    /// `setkey -f FILE`, `-c TEXT`, `-D`, `-DP`, `-F`, `-FP`.
    package func accept(
        _ request: ClientRequest, from session: SessionID, _ view: any DaemonView
    ) -> [DialectEffect] {
        let words = Array(request.arguments.dropFirst())
        func finish(_ status: Int32) -> [DialectEffect] { [.finish(session, status: status)] }
        switch words.first {
        case "--shutdown": return finish(0) + [.exit]
        case "-D": return [.write(session, associationsText(view))] + finish(0)
        case "-DP": return [.write(session, policiesText)] + finish(0)
        case "-F":
            database.flush()
            return settle(session, line: nil) + finish(0)
        case "-FP":
            database.flushPolicies()
            return settle(session, line: nil) + finish(0)
        case "-f" where words.count == 2:
            do throws(FileFailure) {
                return run(String(decoding: try view.readFile(words[1]), as: UTF8.self), session, view)
            } catch {
                return [.writeError(session, "setkey: can't open \(words[1]): \(error)\n")] + finish(1)
            }
        case "-c" where words.count == 2: return run(words[1], session, view)
        default: return [.writeError(session, "setkey: wrong arguments\n")] + finish(1)
        }
    }

    // MARK: Statements

    /// What the daemon could not do says so on standard error and in the status; statements behind it are carried out.
    private func run(_ text: String, _ session: SessionID, _ view: any DaemonView) -> [DialectEffect] {
        var parser = SetkeyParser(text)
        var effects: [DialectEffect] = []
        var status: Int32 = 0
        do throws(SetkeySyntaxError) {
            while let (statement, line) = try parser.next() {
                do throws(ManualDatabase.Failure) {
                    effects += try perform(statement, line, session, view)
                } catch {
                    effects.append(.writeError(session, "The result of line \(line): \(error.rawValue).\n"))
                    status = 1
                }
            }
        } catch {
            effects.append(
                .writeError(
                    session,
                    "line \(error.line): \(error.what) at [\(error.word)]\nparse failed, line \(error.line).\n"))
            status = 1
        }
        return effects + [.finish(session, status: status)]
    }

    private func perform(
        _ statement: SetkeyStatement, _ line: Int, _ session: SessionID, _ view: any DaemonView
    ) throws(ManualDatabase.Failure) -> [DialectEffect] {
        switch statement {
        case .flush: database.flush()
        case .policyFlush: database.flushPolicies()
        case .dump: return [.write(session, associationsText(view))]
        case .policyDump: return [.write(session, policiesText)]
        case .add(let association): try database.add(association)
        case .delete(let name): try database.remove(name)
        case .policyAdd(let policy): try database.add(policy)
        case .policyDelete(let name): try database.remove(name)
        }
        return settle(session, line: line)
    }

    // MARK: Data plane

    /// Brings the data plane in line with the databases. What it refuses is the result of the statement that made it whole.
    private func settle(_ session: SessionID, line: Int?) -> [DialectEffect] {
        let wanted = database.pairs
        let kept = Set(wanted.map(\.pair))
        let gone = installed.filter { !kept.contains($0.key) }.sorted { $0.value < $1.value }
        for (pair, _) in gone { installed[pair] = nil }
        refused.formIntersection(kept)
        var effects: [DialectEffect] = gone.map { .change(.remove($0.value), otherwise: []) }
        for (pair, outbound, inbound, mode) in wanted
        where installed[pair] == nil && !refused.contains(pair) {
            lastChild += 1
            let child = ChildSAID(lastChild)
            installed[pair] = child
            func direction(_ association: ManualSA) -> ESPDirection {
                ESPDirection(
                    spi: association.name.spi, encryptionKey: association.encryptionKey,
                    integrityKey: association.integrityKey)
            }
            let installation = ChildInstallation(
                child: child, connection: ConnectionID(lastChild), reqid: UInt32(truncatingIfNeeded: lastChild),
                mode: mode, local: outbound.name.source, remote: outbound.name.destination, encapsulation: .none,
                suite: outbound.suite, inbound: direction(inbound), outbound: direction(outbound),
                localSelectors: [pair.local], remoteSelectors: [pair.remote], replayWindow: inbound.replayWindow)
            let result = line.map { "The result of line \($0): Invalid argument.\n" } ?? "Invalid argument.\n"
            effects.append(
                .change(.install(installation), otherwise: [.writeError(session, result), .fail(session)]))
        }
        return effects
    }

    /// Statements that have nothing to do with what was refused are not blamed for it.
    package func changeRefused(_ change: KernelChange) {
        guard case .install(let installation) = change else { return }
        guard let pair = installed.first(where: { $0.value == installation.child })?.key else { return }
        installed[pair] = nil
        refused.insert(pair)
    }

    package func render(_ event: Event, _ view: any DaemonView) -> [DialectEffect] { [] }
    package func disconnected(_ session: SessionID) {}

    // MARK: Listings

    /// What a pair's Child SA has carried of one of its SAs.
    private func carried(_ number: UInt64, _ view: any DaemonView) -> (packets: UInt64, octets: UInt64) {
        installed.reduce(into: (0, 0)) { sum, entry in
            guard let counters = view.counters(of: entry.value) else { return }
            if entry.key.outbound == number {
                sum.packets += counters.outboundPackets
                sum.octets += counters.outboundOctets
            }
            if entry.key.inbound == number {
                sum.packets += counters.inboundPackets
                sum.octets += counters.inboundOctets
            }
        }
    }

    private func associationsText(_ view: any DaemonView) -> String {
        let listed = database.associations
        if listed.isEmpty { return "No SAD entries.\n" }
        return listed.map { entry in
            let (association, sum) = (entry.association, carried(entry.number, view))
            let reqid = installed.first { [$0.key.outbound, $0.key.inbound].contains(entry.number) }?.value.number ?? 0
            let spi = association.name.spi
            var text = "\(association.name.source) \(association.name.destination) \n"
            text += "\tesp mode=\(Self.name(association.mode)) spi=\(spi.value)(0x\(spi)) "
            text += "reqid=\(reqid)(0x\(ESPSPI(UInt32(truncatingIfNeeded: reqid))))\n"
            text += "\tE: \(association.encryptionName)  \(Self.words(association.encryptionKey))\n"
            if let name = association.integrityName {
                text += "\tA: \(name)  \(Self.words(association.integrityKey))\n"
            }
            text += "\treplay=\(association.replayWindow / 8) flags=0x00000000 state=mature \n"
            return text + "\tcurrent: \(sum.octets)(bytes)\tallocated: \(sum.packets)\n"
        }.joined()
    }

    private var policiesText: String {
        if database.policies.isEmpty { return "No SPD entries.\n" }
        return database.policies.map { policy in
            let (source, destination) = (policy.name.source, policy.name.destination)
            let ends = policy.tunnel.map { "\($0.source)-\($0.destination)" } ?? ""
            return "\(Self.end(source)) \(Self.end(destination)) \(SetkeyAlgorithm.upperProtocol(source.ipProtocol))\n"
                + "\t\(policy.name.isOutbound ? "out" : "in") ipsec\n"
                + "\tesp/\(Self.name(policy.mode))/\(ends)/require\n"
        }.joined()
    }

    private static func name(_ mode: ESPMode) -> String { mode == .tunnel ? "tunnel" : "transport" }

    private static func end(_ selector: TrafficSelector) -> String {
        "\(selector.addresses)[\(selector.isAnyPort ? "any" : String(selector.startPort))]"
    }

    /// Hexadecimal digits in groups of four octets.
    private static func words(_ key: SecretBytes) -> String {
        let octets = key.exposed
        return stride(from: 0, to: octets.count, by: 4).map { start in
            octets[start..<min(start + 4, octets.count)].map { octet in
                (octet < 16 ? "0" : "") + String(octet, radix: 16)
            }.joined()
        }.joined(separator: " ")
    }
}
