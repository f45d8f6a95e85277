import DialectKit
import IKECrypto
import IKEModel
import NetAddress
import PlutoDialect

/// What must hold of any octets as ipsec.conf, ipsec.secrets and the values in them: they are read, or refused with the file
/// and a line that is there. A trap, a read beyond the end (AddressSanitizer) or a broken promise ends the run.
///
/// The first octet says what the rest is: configuration, secrets, an `ike=`, an `esp=`, or a command line.
package enum ConfigurationChecks {
    package static func run(_ octets: [UInt8]) {
        guard let selector = octets.first else { return }
        let rest = Array(octets.dropFirst())
        switch selector % 5 {
        case 0: checkConfiguration(rest)
        case 1: checkSecrets(rest)
        case 2: checkAlgorithms(rest, .ike)
        case 3: checkAlgorithms(rest, .esp)
        default: checkCommand(rest)
        }
    }
}

/// The file includes itself where it says so, and one other file, which is empty.
private func source(_ octets: [UInt8]) -> ConfigurationSource {
    ConfigurationSource(
        readFile: { (path) throws(FileFailure) in
            switch path {
            case "/f": return octets
            case "/g": return []
            default: throw .missing
            }
        }, glob: { _ in ["/f", "/g"] })
}

private func check(_ error: ConfigurationError, _ octets: [UInt8]) {
    precondition(error.file == "/f" || error.file == "/g" || error.line == 0, "an error in a file that is not there")
    let lines = octets.count { $0 == 0x0a } + 1
    precondition((0...lines).contains(error.line), "an error in a line that is not there")
    precondition(!error.message.isEmpty)
}

private func checkConfiguration(_ octets: [UInt8]) {
    do throws(ConfigurationError) {
        let file = try ConfigurationFile(parsing: "/f", from: source(octets))
        _ = try SetupConfiguration(file.setup)
        let resolver = ConnectionResolver(file)
        try resolver.check()
        for name in resolver.names.prefix(64) {
            guard let assignments = try resolver.assignments(of: name) else { continue }
            let settings = try ConnectionSettings(name: name, assignments)
            let host = HostBinding(interfaces: [], readFile: { $0 == "/etc/hosts" ? octets : nil })
            var serial: UInt64 = 0
            let bound = try? ConnectionBinder(host: host).bind(settings) {
                serial += 1
                return ConnectionID(serial)
            }
            for one in bound ?? [] { precondition(one.ourSide != nil || one.connection == nil) }
        }
    } catch {
        check(error, octets)
    }
}

private func checkSecrets(_ octets: [UInt8]) {
    do throws(ConfigurationError) {
        let file = try SecretsFile(parsing: "/f", from: source(octets))
        for entry in file.keys.entries { precondition((1...4096).contains(entry.secret.count)) }
    } catch {
        check(error, octets)
    }
}

private func checkAlgorithms(_ octets: [UInt8], _ kind: AlgorithmParser.Kind) {
    let text = String(decoding: octets, as: UTF8.self)
    for pfs in [false, true] {
        for fips in [false, true] {
            var parser = AlgorithmParser(kind, fips: fips, pfs: pfs)
            guard let proposals = try? parser.parse(text) else { continue }
            precondition(!proposals.isEmpty && proposals.count <= 64)
            for proposal in proposals {
                // What is printed reads back as what can be printed the same.
                precondition(!proposal.description.isEmpty)
                precondition(!proposal.ike.encryption.isEmpty)
                precondition(!proposal.esp(extendedSequenceNumbers: [true]).encryption.isEmpty)
            }
        }
    }
}

private func checkCommand(_ octets: [UInt8]) {
    let words = String(decoding: octets, as: UTF8.self).split(separator: " ").map(String.init)
    _ = try? PlutoRequest.parse(words)
}
