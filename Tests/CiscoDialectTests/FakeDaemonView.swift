import DataPlane
import DialectKit
import IKEModel
import NetAddress

/// A daemon's insides made of values that a test sets.
final class FakeDaemonView: DaemonView {
    var now = Instant.zero
    /// 19 September 2018, 17:35:29 UTC.
    var wallClockMicroseconds: Int64 = 1_537_378_529_000_000
    var processID: Int32 = 42
    var connections: [ConnectionSnapshot] = []
    var ikeSAs: [IKESnapshot] = []
    var childSAs: [ChildFacts] = []
    var dataPlaneName = "user"
    var counted: [ChildSAID: ChildCounters] = [:]
    var saStates: [SAState] = []
    var policyStates: [PolicyState] = []
    var interfaceAddresses: [InterfaceAddress] = []
    var listeningPorts: [UInt16] = [500, 4500]
    var files: [String: String] = [:]

    func counters(of child: ChildSAID) -> ChildCounters? { counted[child] }

    func readFile(_ path: String) throws(FileFailure) -> [UInt8] {
        guard let text = files[path] else { throw .missing }
        return Array(text.utf8)
    }

    func glob(_ pattern: String) -> [String] { files[pattern] == nil ? [] : [pattern] }
}
