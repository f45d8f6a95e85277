import Daemon
import DataPlane
import DataPlaneUserspace
import DataPlaneXFRM
import Glibc

/// Who does ESP.
enum DataPlaneChoice: String {
    /// The kernel where an ESP state can really be installed, else swand itself.
    case auto
    case xfrm
    case user

    /// Where a runner says it, whose hosts type `ipsec start`.
    static let variable = "SWANTEST_DATAPLANE"

    /// - Throws: for a value that is none.
    static func ofEnvironment() throws(DataPlaneError) -> DataPlaneChoice {
        guard let text = getenv(variable).map({ String(cString: $0) }), !text.isEmpty else { return .auto }
        guard let choice = DataPlaneChoice(rawValue: text) else {
            throw DataPlaneError("\(variable)='\(text)': there are auto, xfrm, user")
        }
        return choice
    }

    /// - Parameter exemptsNeighboursAtOnce: see `DataPlaneXFRM`; libreswan does, strongSwan does not.
    func make(
        _ sockets: IKESockets, exemptsNeighboursAtOnce: Bool = true
    ) throws(DataPlaneError) -> any DataPlane {
        switch self {
        case .user:
            return DataPlaneUserspace(
                encapsulationSocket: { sockets.descriptor(sendingFrom: $0) },
                stream: { sockets.streams.send($2, over: .init(local: $0, remote: $1)) })
        case .auto:
            return try (DataPlaneXFRM.obstacle() == nil ? DataPlaneChoice.xfrm : .user).make(
                sockets, exemptsNeighboursAtOnce: exemptsNeighboursAtOnce)
        case .xfrm:
            if let obstacle = DataPlaneXFRM.obstacle() {
                throw DataPlaneError("the kernel cannot do ESP: \(obstacle)")
            }
            return try DataPlaneXFRM(
                exemptsNeighboursAtOnce: exemptsNeighboursAtOnce,
                encapsulationSocket: { sockets.descriptor(sendingFrom: $0) })
        }
    }
}
