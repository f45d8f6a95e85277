import CharonDialect
import DataPlane
import DialectKit
import IKEModel
import NetAddress

/// A daemon's insides made of values that a test sets.
final class FakeDaemonView: DaemonView {
    var now = Instant.zero
    var wallClockMicroseconds: Int64 = 1_747_821_789_000_000
    var processID: Int32 = 42
    var connections: [ConnectionSnapshot] = []
    var ikeSAs: [IKESnapshot] = []
    var childSAs: [ChildFacts] = []
    var dataPlaneName = "xfrm"
    var counted: [ChildSAID: ChildCounters] = [:]
    var saStates: [SAState] = []
    var policyStates: [PolicyState] = []
    var interfaceAddresses: [InterfaceAddress] = []
    var listeningPorts: [UInt16] = [500, 4500]
    var files: [String: String] = [:]
    /// The peers to whom a way was looked for.
    private(set) var sought: [IPAddress] = []

    func sourceAddress(towards remote: IPAddress) -> IPAddress? {
        sought.append(remote)
        return nil
    }
    func counters(of child: ChildSAID) -> ChildCounters? { counted[child] }
    func readFile(_ path: String) throws(FileFailure) -> [UInt8] { try FakeFiles.read(path, in: files) }
    func glob(_ pattern: String) -> [String] { FakeFiles.glob(pattern, in: Array(files.keys)) }
}

/// `*` in the last part of a path, over a list of paths.
enum FakeFiles {
    static func read(_ path: String, in files: [String: String]) throws(FileFailure) -> [UInt8] {
        guard let text = files[path] else { throw .missing }
        return Array(text.utf8)
    }

    static func glob(_ pattern: String, in paths: [String]) -> [String] {
        let parts = pattern.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return paths.filter { $0 == pattern } }
        return paths.filter { path in
            path.hasPrefix(parts[0]) && path.hasSuffix(parts[1])
                && !path.dropFirst(parts[0].count).dropLast(parts[1].count).contains("/")
        }.sorted()
    }
}
func interface(_ name: String, _ address: String) -> InterfaceAddress {
    InterfaceAddress(interface: name, address: IPAddress(address)!)
}
