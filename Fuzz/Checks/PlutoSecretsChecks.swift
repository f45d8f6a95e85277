import DialectKit
import IKECrypto
import IKEModel
import PlutoDialect

/// What must hold of any octets as libreswan's ipsec.secrets, with an include of themselves.
package enum PlutoSecretsChecks {
    package static func run(_ octets: [UInt8]) {
        let source = ConfigurationSource(
            readFile: { (path) throws(FileFailure) in
                if path == "/f" { return octets }
                throw .missing
            }, glob: { _ in ["/f"] })
        do throws(ConfigurationError) {
            let file = try SecretsFile(parsing: "/f", from: source)
            for entry in file.keys.entries { precondition((1...4096).contains(entry.secret.count)) }
            for key in file.keys.postQuantum { precondition((1...4096).contains(key.secret.count)) }
            precondition(file.files.allSatisfy { $0 == "/f" })
        } catch {
            let lines = octets.count { $0 == 0x0a } + 1
            precondition(error.file == "/f" && (0...lines).contains(error.line), "an error in a line that is not there")
            precondition(!error.message.isEmpty)
        }
    }
}
