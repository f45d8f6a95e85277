import CharonDialect
import DialectKit
import IKECrypto

/// What must hold of any octets as strongSwan's ipsec.secrets, ipsec.conf and swanctl.conf, with an include of themselves:
/// they are read in bounded time, or refused with a line that is there.
package enum CharonSecretsChecks {
    package static func secrets(_ octets: [UInt8]) {
        let file = SecretsFile(parsing: "/f", from: source(octets))
        for key in file.keys { precondition(key.secret.count <= octets.count) }
        precondition(file.complaints.allSatisfy { !$0.isEmpty })
    }

    package static func settings(_ octets: [UInt8]) {
        do throws(ConfigurationError) { _ = try SettingsTree(parsing: "/f", from: source(octets)) } catch {
            check(error, octets)
        }
    }

    package static func starter(_ octets: [UInt8]) {
        do throws(ConfigurationError) {
            _ = StarterConnections(try StarterFile(parsing: "/f", from: source(octets)))
        } catch { check(error, octets) }
    }

    private static func source(_ octets: [UInt8]) -> ConfigurationSource {
        ConfigurationSource(
            readFile: { (path) throws(FileFailure) in
                if path == "/f" { return octets }
                throw .missing
            }, glob: { _ in ["/f"] })
    }

    private static func check(_ error: ConfigurationError, _ octets: [UInt8]) {
        let lines = octets.count { $0 == 0x0a } + 1
        precondition((0...lines).contains(error.line), "an error in a line that is not there")
        precondition(!error.reason.isEmpty)
    }
}
