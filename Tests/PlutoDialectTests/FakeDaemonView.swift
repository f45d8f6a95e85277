import DataPlane
import DialectKit
import IKEModel
import NetAddress
import PlutoDialect

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
    var interfaceAddresses: [InterfaceAddress] {
        get {
            interfacesAskedFor += 1
            return storedInterfaces
        }
        set { storedInterfaces = newValue }
    }
    private var storedInterfaces: [InterfaceAddress] = []
    private(set) var interfacesAskedFor = 0
    var listeningPorts: [UInt16] = [500, 4500]
    var files: [String: String] = [:]

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

    static func source(_ files: [String: String]) -> ConfigurationSource {
        ConfigurationSource(
            readFile: { (path) throws(FileFailure) in try read(path, in: files) },
            glob: { glob($0, in: Array(files.keys)) })
    }
}

func interface(_ name: String, _ address: String) -> InterfaceAddress {
    InterfaceAddress(interface: name, address: IPAddress(address)!)
}
