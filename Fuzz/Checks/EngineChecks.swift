import EngineSimulator

/// What must hold of an engine whose authentic peer says anything at all inside of SK payloads, whole or in fragments: it
/// goes on, keeps no more than its limits, and has forgotten everything in the end. The input is a script of
/// `ScriptedPeer`. A trap, a read beyond the end (AddressSanitizer) or a broken rule ends the run.
package enum EngineChecks {
    package static func run(_ octets: [UInt8]) {
        let violations = ScriptedPeer.play(octets)
        precondition(violations.isEmpty, "\(violations[0])")
    }
}
