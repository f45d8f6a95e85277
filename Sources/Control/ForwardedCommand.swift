/// A command that a running daemon answers, and where that daemon listens.
///
/// Only what is sure to be one: a client asks the daemon itself for these and leaves all others, such as `ipsec start` and the
/// commands that read files, to the whole program.
package struct ForwardedCommand: Equatable, Sendable {
    /// Who complains when the connection is lost.
    package let name: String
    /// The request's, the program's name first.
    package let arguments: [String]
    /// The path of the control socket.
    package let socket: String

    /// nil: not for the daemon, or not surely.
    /// - Parameters:
    ///   - program: the client's name, without its folder.
    ///   - dialect: the host's, in SWAND_DIALECT's words.
    package init?(_ program: String, _ arguments: [String], dialect: String) {
        guard let first = arguments.first, !arguments.contains(where: { $0.hasPrefix("--rundir") }) else { return nil }
        switch (program, dialect) {
        case ("ipsec", "pluto"), ("ipsec", "azure"):
            guard Self.plutoVerbs.contains(first) else { return nil }
            name = "whack"
            self.arguments = first == "whack" ? arguments : ["ipsec"] + arguments
        case ("whack", "pluto"), ("whack", "azure"):
            name = "whack"
            self.arguments = ["whack"] + arguments
        case ("ipsec", "charon"):
            guard Self.charonVerbs.contains(first) else { return nil }
            name = "ipsec"
            self.arguments = ["ipsec"] + arguments
        case ("vppctl", "vpp"):
            name = "vppctl"
            self.arguments = ["vppctl"] + arguments
        default: return nil
        }
        socket = ControlSocket.path(dialect: dialect == "azure" ? "pluto" : dialect)
    }

    private static let plutoVerbs: Set = [
        "whack", "auto", "add", "up", "down", "delete", "route", "ondemand", "unroute", "suspend", "listen", "ready",
        "status", "briefstatus", "connectionstatus", "trafficstatus", "showstates", "shuntstatus", "processstatus",
        "rereadsecrets", "rereadall", "_kernel",
    ]
    private static let charonVerbs: Set = ["up", "down", "route", "unroute", "status", "statusall"]
}

/// Where daemons listen that nobody told otherwise.
package enum ControlSocket {
    /// Where pluto's clients look for it.
    package static let plutoFolder = "/run/pluto"
    /// Where charon's are, and the Cisco consoles'.
    package static let charonFolder = "/run"
    package static let vppFolder = "/run/vpp"

    /// - Parameter dialect: one whose files have its own name: pluto's for azure.
    package static func path(dialect: String) -> String {
        let folder =
            switch dialect {
            case "pluto": plutoFolder
            case "vpp": vppFolder
            default: charonFolder
            }
        return path(in: folder, name: dialect)
    }

    /// - Parameter name: the daemon's, as its files have it.
    package static func path(in folder: String, name: String) -> String { "\(folder)/\(name).ctl" }
}
