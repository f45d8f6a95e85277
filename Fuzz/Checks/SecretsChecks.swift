/// Files with keys, and the configurations beside them; the first octet says whose.
package enum SecretsChecks {
    package static func run(_ octets: [UInt8]) {
        guard let selector = octets.first else { return }
        let rest = Array(octets.dropFirst())
        switch selector % 4 {
        case 0: PlutoSecretsChecks.run(rest)
        case 1: CharonSecretsChecks.secrets(rest)
        case 2: CharonSecretsChecks.settings(rest)
        default: CharonSecretsChecks.starter(rest)
        }
    }
}
