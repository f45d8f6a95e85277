import EngineSimulator

/// What must hold of an engine whose authentic peer says anything at all inside of SK payloads, whole or in fragments: it
/// goes on, keeps no more than its limits, and has forgotten everything in the end. The input is a script of
/// `ScriptedPeer`. A trap, a read beyond the end (AddressSanitizer) or a broken rule ends the run.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEngine(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let violations = ScriptedPeer.play(Array(UnsafeBufferPointer(start: start, count: count)))
    precondition(violations.isEmpty, "\(violations[0])")
    return 0
}
