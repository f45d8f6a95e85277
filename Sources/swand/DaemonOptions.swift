import Control
import Daemon
import Glibc

/// The daemon's own command line.
struct DaemonOptions: Equatable {
    static let readyDescriptorOption = "--ready-descriptor"
    static let exportKeysOption = "--export-keys"
    /// By which a runner asks for `--export-keys` of every daemon that a host's commands start.
    static let exportKeysVariable = "SWAND_EXPORT_KEYS"

    /// A vendor whose manner is spoken.
    enum Vendor: String, CaseIterable {
        case pluto, charon, vpp
        /// Microsoft's gateway on the wire; libreswan's commands, configuration and log.
        case azure
        case asa, ios
        /// No IKE: SAs and policies by hand, in ipsec-tools' language.
        case setkey

        /// Whose run folder and process names it has.
        var family: Vendor { self == .azure ? .pluto : self }

        /// What the environment of a host says, else pluto.
        static var ofHost: Vendor {
            getenv("SWAND_DIALECT").flatMap { Vendor(rawValue: String(cString: $0)) } ?? .pluto
        }
    }

    var dialect = Vendor.ofHost
    private var namedRunDirectory: String?
    var runDirectory: String {
        get {
            if let namedRunDirectory { return namedRunDirectory }
            return switch dialect {
            case .pluto, .azure: ControlSocket.plutoFolder
            case .charon, .asa, .ios, .setkey: ControlSocket.charonFolder
            case .vpp: ControlSocket.vppFolder
            }
        }
        set { namedRunDirectory = newValue }
    }
    var configuration: String?
    var isForeground = false
    /// A folder for the keys of all that is negotiated, in Wireshark's formats; nil, as it should be: none.
    var keyFolder: String?
    /// nil: as `planeVariable` says, and `auto` without it.
    var dataPlane: DataPlaneChoice?
    /// Set by the program that starts a daemon in the background and waits for it.
    var readyDescriptor: Int32?

    static let usage = """
        usage: swand [--dialect NAME] [--dataplane PLANE] [--rundir DIR] [--config FILE] [--export-keys DIR]
                     [--foreground | --fork]
          --dialect NAME   the vendor whose commands, log and configuration it speaks: pluto (libreswan), charon
                           (strongSwan), vpp, asa (Cisco ASA), ios (Cisco IOS), azure (libreswan's words,
                           Microsoft's wire), setkey (keys by hand); $SWAND_DIALECT where it is not given
          --dataplane PLANE
                           who does ESP: xfrm (the kernel), user (swand itself), or auto: the kernel where it can;
                           else as \(DataPlaneChoice.variable) says, and auto without it; vpp has its own
          --rundir DIR     control socket and process file (\(ControlSocket.plutoFolder); charon's: \(ControlSocket.charonFolder),
                           vpp's: \(ControlSocket.vppFolder))
          --config FILE    ipsec.conf (/etc/ipsec.conf); vpp's: a file of commands
          --export-keys DIR  for tests: writes every key that is negotiated to Wireshark's tables in DIR
          --foreground     stay; the log goes to standard error unless the configuration names a file
          --fork           return once the daemon is ready (the default)
        Under the names ipsec, whack, swanctl, asa, ios, setkey, vppctl and vpp_api_test it is the client.

        """

    /// What is wrong with a command line.
    struct UsageError: Error {
        let message: String
    }

    init() {}

    init(_ dialect: Vendor) { self.dialect = dialect }

    init(_ arguments: [String]) throws(UsageError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            func value() throws(UsageError) -> String {
                if parts.count == 2 { return parts[1] }
                guard let next = rest.popFirst() else { throw UsageError(message: "\(argument) needs a value") }
                return next
            }
            switch parts[0] {
            case "--dialect":
                let name = try value()
                guard let vendor = Vendor(rawValue: name) else {
                    let known = Vendor.allCases.map(\.rawValue).joined(separator: " and ")
                    throw UsageError(message: "no dialect '\(name)': there are \(known)")
                }
                dialect = vendor
            case "--dataplane":
                let name = try value()
                guard let choice = DataPlaneChoice(rawValue: name) else {
                    throw UsageError(message: "no data plane '\(name)': there are auto, xfrm, user")
                }
                dataPlane = choice
            case "--rundir": runDirectory = try value()
            case "--config": configuration = try value()
            case DaemonOptions.exportKeysOption: keyFolder = try value()
            case "--foreground", "--nofork": isForeground = true
            case "--fork": isForeground = false
            case DaemonOptions.readyDescriptorOption:
                let text = try value()
                guard let number = Int32(text), number > 2 else {
                    throw UsageError(message: "\(argument): '\(text)' is no descriptor")
                }
                readyDescriptor = number
            default: throw UsageError(message: "unknown option '\(argument)'")
            }
        }
    }

    /// The same as a command line, for a daemon that waits on a pipe.
    func arguments(readyDescriptor: Int32) -> [String] {
        [
            DaemonOptions.readyDescriptorOption, String(readyDescriptor), "--dialect", dialect.rawValue, "--rundir",
            runDirectory,
        ]
            + (configuration.map { ["--config", $0] } ?? [])
            + (keyFolder.map { [DaemonOptions.exportKeysOption, $0] } ?? [])
            + (dataPlane.map { ["--dataplane", $0.rawValue] } ?? [])
    }

    /// Of the daemon that these options start.
    var client: ControlClient { ControlClient(path: directory.socket) }

    var directory: RunDirectory { RunDirectory(runDirectory, name: dialect.family.rawValue) }
}
