import DataPlane
import DialectKit
import IKEEngine
import IKEModel
import NetAddress
import VPPDialect
import VPPForwarder

/// A vppctl without a daemon: commands in, what they print out. Interfaces of the host are there, whatever their name.
final class Console {
    let forwarder = Forwarder()
    let view = StillView()
    let dialect: VPPDialect
    /// What the engine was told, in order.
    private(set) var commands: [Command] = []
    private var lastSession: UInt64 = 0

    init() {
        dialect = VPPDialect(forwarder: forwarder)
        forwarder.takeOver = { index, _ in
            .success(MACAddress(octets: [2, 0, 0, 0, 0, UInt8(index)])!)
        }
    }

    @discardableResult
    func type(_ line: String, program: String = "vppctl") -> String {
        lastSession += 1
        let request = ClientRequest(arguments: [program, line], workingDirectory: "/")
        var text = ""
        for effect in dialect.accept(request, from: SessionID(lastSession), view) {
            switch effect {
            case .write(_, let part): text += part
            case .command(let command): commands.append(command)
            default: break
            }
        }
        return text
    }

    var connections: [Connection] { commands.compactMap { if case .add(let one) = $0 { one } else { nil } } }
}

/// A daemon where nothing is.
final class StillView: DaemonView {
    var files: [String: [UInt8]] = [:]
    var now: Instant { .zero }
    var wallClockMicroseconds: Int64 { 1_795_220_359_856_000 }
    var processID: Int32 { 1 }
    var connections: [ConnectionSnapshot] { [] }
    var ikeSAs: [IKESnapshot] { [] }
    var childSAs: [ChildFacts] { [] }
    var dataPlaneName: String { "vpp" }
    func counters(of child: ChildSAID) -> ChildCounters? { nil }
    var saStates: [SAState] { [] }
    var policyStates: [PolicyState] { [] }
    var interfaceAddresses: [InterfaceAddress] { [] }
    var listeningPorts: [UInt16] { [] }
    func readFile(_ path: String) throws(FileFailure) -> [UInt8] {
        guard let octets = files[path] else { throw .missing }
        return octets
    }
    func glob(_ pattern: String) -> [String] { [] }
}
