import Control

/// What must hold of any packet of the control socket: it is refused, or read back as what it is written as.
package enum ControlChecks {
    package static func run(_ octets: [UInt8]) {
        guard let message = ControlMessage(parsing: octets) else { return }
        let written = message.octets
        // Octets that are no UTF-8 grow when they are mended.
        precondition(written.count <= 3 * octets.count)
        guard written.count <= ControlMessage.greatestOctetCount else { return }
        precondition(ControlMessage(parsing: written) == message, "a message is not what it is written as")
        if case .request(let arguments, let folder) = message {
            precondition((1...ControlMessage.greatestArgumentCount).contains(arguments.count))
            precondition(([folder] + arguments).allSatisfy { !$0.utf8.contains(0) })
        }
    }
}
