/// The other daemon of the matrix.
package enum InteropPeer: String, Codable, Sendable, CaseIterable {
    case strongswan, libreswan

    /// As it calls itself.
    package var title: String {
        switch self {
        case .strongswan: "strongSwan"
        case .libreswan: "libreswan"
        }
    }

    /// The file in a run's output that has its log.
    func log(of host: String) -> String { "\(host).\(self == .strongswan ? "charon" : "pluto").log" }
}

/// What a cell asks of the other end, in that daemon's own files and commands.
protocol PeerEnd {
    var scenario: CellScenario { get }
    /// Files of the scenario's folder, by name.
    /// - Parameter prefix: where a build of the user's own is installed; nil for Debian's.
    func files(prefix: String?) -> [String: String]
    /// Steps before keys and certificates are given out, and behind that.
    var preparation: [CellScenario.Step] { get }
    var start: [CellScenario.Step] { get }
    /// Commands that take certificates from a folder; one that ends in `echo $?` prints 0.
    func credentials(_ certificates: InteropCase.Certificates, folder: String) -> [String]
    /// Its log, as commands on its host find it.
    var log: String { get }
    /// Commands, whose output goes to a file.
    func up(isSecond: Bool) -> String
    func rekey(isChild: Bool) -> String
    var down: String { get }
    /// A command that shows ESTABLISHED while an SA stands.
    var list: String { get }
    /// A command that writes what it has to OUTPUT/peer.sas.txt.
    var view: String { get }
}

extension PeerEnd {
    var test: InteropCase { scenario.test }
    var cell: InteropCell { scenario.cell }
    var ours: InteropCell.Place { scenario.ours }
    var theirs: InteropCell.Place { scenario.theirs }
    var preparation: [CellScenario.Step] { [] }
    var start: [CellScenario.Step] { [] }
}
