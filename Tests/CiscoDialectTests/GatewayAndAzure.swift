import CiscoDialect
import DataPlane
import DialectKit
import IKECrypto
import IKEEngine
import IKEModel
import NetAddress
import PlutoDialect

/// A dialect and an engine, with queues for a network.
final class SimulatedHost {
    let view = FakeDaemonView()
    let dialect: any Dialect
    let engine: Engine
    var outgoing: [Datagram] = []
    var log: [String] = []
    var output: [SessionID: String] = [:]
    /// What the dialect wants run, until a test says how it ended.
    var scripts: [ScriptRun] = []
    /// Sessions whose command is over.
    var finished: Set<SessionID> = []
    private var lastSession: UInt64 = 0

    init(_ dialect: any Dialect, seed: UInt64, address: String, files: [String: String]) {
        self.dialect = dialect
        engine = Engine(profile: dialect.wireProfile, random: SeededRandom(seed: seed))
        view.interfaceAddresses = [
            InterfaceAddress(interface: "lo", address: IPAddress("127.0.0.1")!),
            InterfaceAddress(interface: "eth1", address: IPAddress(address)!),
        ]
        view.files = files
        do { carryOut(try dialect.start(view)) } catch { log.append("start failed: \(error)") }
    }

    func type(_ arguments: [String]) -> String {
        lastSession += 1
        let session = SessionID(lastSession)
        output[session] = ""
        carryOut(dialect.accept(ClientRequest(arguments: arguments, workingDirectory: "/tmp"), from: session, view))
        return output[session] ?? ""
    }

    /// Whoever typed is gone.
    func leave(_ session: SessionID) { dialect.disconnected(session) }

    /// The first script has ended.
    func endScript(status: Int32, output: String) {
        let script = scripts.removeFirst()
        carryOut(dialect.scriptEnded(script, ScriptEnd(status: status, output: Array(output.utf8)), view))
    }

    func tell(_ input: Input) {
        for output in engine.handle(input, at: view.now) {
            switch output {
            case .transmit(let datagram): outgoing.append(datagram)
            case .dataPlane(.install(let installation)): view.counted[installation.child] = ChildCounters()
            case .dataPlane, .stream, .fetch, .wake: break
            case .event(let event):
                refresh()
                carryOut(dialect.render(event, view))
            }
        }
        refresh()
    }

    private func refresh() {
        view.connections = engine.connections
        view.ikeSAs = engine.ikeSAs
        view.childSAs = engine.childSAs
    }

    private func carryOut(_ effects: [DialectEffect]) {
        for effect in effects {
            switch effect {
            case .command(let command): tell(.command(command))
            case .write(let session, let text), .writeError(let session, let text): output[session, default: ""] += text
            case .log(let line): log.append(line)
            case .listen(_, let then, _): carryOut(then)
            case .run(let script): scripts.append(script)
            case .finish(let session, _): finished.insert(session)
            case .logFile, .listenStreams, .change, .fail, .fetch, .writeFile, .wake, .exit: break
            }
        }
    }
}

/// The two ends of the document: an ASA, and Azure's gateway, whose volume of 2048 KB is used up soon.
final class GatewayAndAzure {
    let gateway: SimulatedHost
    let azure: SimulatedHost

    /// - Parameter cure: lines typed at the ASA's console before the tunnel comes up.
    init(cure: [String] = []) throws {
        let folder = try Shipped.text("testing/asa-azure-rekey-pfs/asa.conf")
        gateway = SimulatedHost(
            ASADialect(configurationPath: "/etc/asa.conf"), seed: 1, address: "203.0.113.1",
            files: ["/etc/asa.conf": folder])
        let azureFiles = [
            "/etc/ipsec.conf": try Shipped.text("testing/asa-azure-rekey-pfs/azure.conf"),
            "/etc/ipsec.secrets": try Shipped.text("testing/asa-azure-rekey-pfs/azure.secrets"),
        ]
        azure = SimulatedHost(
            PlutoDialect(profile: .azure), seed: 2, address: "203.0.113.2", files: azureFiles)
        for line in cure { _ = type(line) }
        for channel in ["ipsec", "isakmp", "ikev2 protocol", "ikev2 platform"] {
            _ = type("debug crypto \(channel) 255")
        }
        _ = azure.type(["ipsec", "add", "UKSouth-HQ-S2S"])
        _ = azure.type(["ipsec", "up", "UKSouth-HQ-S2S"])
        settle()
    }

    /// At the ASA's console.
    func type(_ line: String) -> String {
        let output = gateway.type(["asa", "--line", line])
        settle()
        return output
    }

    func settle() {
        while !gateway.outgoing.isEmpty || !azure.outgoing.isEmpty {
            for (from, to) in [(gateway, azure), (azure, gateway)] where !from.outgoing.isEmpty {
                let datagram = from.outgoing.removeFirst()
                to.tell(.datagram(Datagram(local: datagram.remote, remote: datagram.local, octets: datagram.octets)))
            }
        }
    }

    /// Azure wants its Child SA replaced. - Returns: what the ASA's console says meanwhile.
    func rekey() -> [String] {
        gateway.log = []
        for child in azure.engine.childSAs { azure.tell(.command(.rekeyChild(child.child))) }
        settle()
        return gateway.log
    }

    /// Azure asks for a sign of life.
    func askForLife() -> [String] {
        gateway.log = []
        for ike in azure.engine.ikeSAs { azure.tell(.command(.probe(ike.ike))) }
        settle()
        return gateway.log
    }
}
