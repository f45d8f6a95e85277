import Daemon

/// What must hold of the octets of a TCP connection (RFC 9329 §3): however they are cut on their way, the same messages come of
/// them, or the same fault, and no more is kept than one message.
///
/// The first octet: bit 0, whether the prefix has to come; bit 1, a limit of 64 octets; the second is where cuts are made.
package enum StreamChecks {
    package static func run(_ octets: [UInt8]) {
        guard octets.count >= 2 else { return }
        let stream = Array(octets.dropFirst(2))
        let piece = Int(octets[1]) % 17 + 1
        let one = messages(octets[0], [stream])
        let cut = messages(
            octets[0],
            stride(from: 0, to: stream.count, by: piece).map { Array(stream[$0..<min($0 + piece, stream.count)]) })
        precondition(one.fault == cut.fault, "a fault that depends on how octets come")
        precondition(one.messages == cut.messages, "messages that depend on how octets come")
        precondition(one.messages.allSatisfy { !$0.isEmpty })
    }

    private static func messages(_ mode: UInt8, _ pieces: [[UInt8]]) -> (
        messages: [[UInt8]], fault: StreamFrames.Fault?
    ) {
        var frames = StreamFrames(awaitsPrefix: mode & 1 == 1)
        if mode & 2 == 2 { frames.greatestLength = 64 }
        var messages: [[UInt8]] = []
        for piece in pieces {
            let raw = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 1)
            defer { raw.deallocate() }
            raw.copyBytes(from: piece)
            let take: (UnsafeMutableRawBufferPointer) -> Bool = {
                messages.append(Array($0))
                return true
            }
            do throws(StreamFrames.Fault) { try frames.take(raw, whole: take, inPlace: take) } catch {
                return (messages, error)
            }
            precondition(frames.pendingOctets <= Int(frames.greatestLength), "more is kept than one message")
        }
        return (messages, nil)
    }
}
