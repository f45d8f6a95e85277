import Daemon
import Testing

/// Takes octets in pieces of a size; what comes out, or the fault.
private func cut(
    _ octets: [UInt8], pieces: Int, awaitsPrefix: Bool = false, greatest: UInt16 = .max
) -> (messages: [[UInt8]], fault: StreamFrames.Fault?, pending: Int) {
    var frames = StreamFrames(awaitsPrefix: awaitsPrefix)
    frames.greatestLength = greatest
    var messages: [[UInt8]] = []
    func note(_ message: UnsafeMutableRawBufferPointer) -> Bool {
        messages.append(Array(message))
        return true
    }
    var start = 0
    while start < octets.count {
        var piece = Array(octets[start..<min(start + pieces, octets.count)])
        start += pieces
        let result = piece.withUnsafeMutableBytes { raw in
            Result { () throws(StreamFrames.Fault) in try frames.take(raw, whole: note, inPlace: note) }
        }
        if case .failure(let fault) = result { return (messages, fault, frames.pendingOctets) }
    }
    return (messages, nil, frames.pendingOctets)
}

@Suite struct StreamFramesTests {
    private static let three: [UInt8] = [0, 8, 0, 0, 0, 0, 7, 7] + [0, 3, 0xff] + [0, 2] + [0, 7, 1, 2, 3, 4, 5]

    @Test(arguments: 1...20)
    func `messages come out the same however the stream is cut`(pieces: Int) {
        let result = cut(Self.three, pieces: pieces)
        // The empty one is passed over (RFC 9329 §3).
        #expect(result.messages == [[0, 0, 0, 0, 7, 7], [0xff], [1, 2, 3, 4, 5]])
        #expect(result.fault == nil && result.pending == 0)
        let prefixed = cut(StreamFrames.prefix + Self.three, pieces: pieces, awaitsPrefix: true)
        #expect(prefixed.messages == result.messages && prefixed.fault == nil)
    }

    @Test(arguments: [1, 3, 100])
    func `what does not begin with the prefix is refused at the first octet that differs`(pieces: Int) {
        #expect(cut(Array("GET / HTTP/1.1".utf8), pieces: pieces, awaitsPrefix: true).fault == .prefix)
        #expect(cut(Array("IKETCX".utf8) + Self.three, pieces: pieces, awaitsPrefix: true).messages.isEmpty)
        #expect(cut(Array("IKETCX".utf8) + Self.three, pieces: pieces, awaitsPrefix: true).fault == .prefix)
        #expect(cut(Array("IKE".utf8), pieces: pieces, awaitsPrefix: true).fault == nil)
    }

    @Test(arguments: [UInt8(0), 1], [1, 2, 50])
    func `a length of 0 or 1 is fatal`(length: UInt8, pieces: Int) {
        let result = cut([0, 4, 8, 8, 0, length, 9, 9], pieces: pieces)
        #expect(result.messages == [[8, 8]])
        #expect(result.fault == .length(UInt16(length)))
    }

    @Test func `the longest message passes, and one octet more than a stranger may send does not`() {
        let longest = [UInt8](repeating: 5, count: 65533)
        #expect(cut([0xff, 0xff] + longest, pieces: 4096).messages == [longest])
        #expect(
            cut([0x40, 0x00] + [UInt8](repeating: 5, count: 16382), pieces: 999, greatest: 16384).messages.count == 1)
        let over = cut([0x40, 0x01, 5], pieces: 3, greatest: 16384)
        #expect(over.fault == .tooLong(16385) && over.pending <= 3)
    }

    @Test func `of a message that is not whole no more is kept than came`() {
        let result = cut([0xff, 0xff, 1, 2, 3], pieces: 2)
        #expect(result.messages.isEmpty && result.fault == nil && result.pending == 5)
    }

    @Test func `who wants no more gets no more`() throws {
        var frames = StreamFrames(awaitsPrefix: false)
        var octets = Self.three
        var count = 0
        try octets.withUnsafeMutableBytes { raw in
            try frames.take(
                raw, whole: { _ in false },
                inPlace: { _ in
                    count += 1
                    return false
                })
        }
        #expect(count == 1)
    }
}
