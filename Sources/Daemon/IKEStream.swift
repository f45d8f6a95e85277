import Glibc
import LinuxSystem
import NetAddress

/// One TCP connection with IKE and ESP in it: what of it waits to be sent, and what came that is not whole.
final class IKEStream {
    /// Octets that wait because the peer, or the way to it, is slow. What would be more is dropped, message by message: ESP
    /// and IKE mend losses better than delays.
    static let queueLimit = 512 * 1024
    /// Octets of a message that is taken from a peer of whom the engine knows nothing yet.
    static let strangerMessageLimit: UInt16 = 16 * 1024

    let socket: TCPSocket
    let ends: IKEStreams.Ends
    let isOriginator: Bool
    var frames: StreamFrames
    /// Octets that the kernel did not take, from `sent` on.
    private var queue: [UInt8] = []
    private var sent = 0
    /// To be closed once the queue is empty, or at this time of the loop's clock in any case.
    var closesAt: Int64?
    /// When the engine was last seen to have an IKE SA on it.
    var lastUsed: Int64
    private(set) var dropped: UInt64 = 0

    init(_ socket: TCPSocket, _ ends: IKEStreams.Ends, isOriginator: Bool, now: Int64) {
        self.socket = socket
        self.ends = ends
        self.isOriginator = isOriginator
        frames = StreamFrames(awaitsPrefix: !isOriginator)
        if !isOriginator { frames.greatestLength = Self.strangerMessageLimit }
        lastUsed = now
    }

    var descriptor: Int32 { socket.descriptor.rawValue }
    var isDrained: Bool { sent == queue.count }

    /// Whole frames: all of them are sent, now or later, or none. False for none.
    func send(_ frames: UnsafeRawBufferPointer) throws(SystemError) -> Bool {
        var taken = 0
        if isDrained { taken = try socket.send(frames) }
        guard taken < frames.count else { return true }
        let rest = UnsafeRawBufferPointer(rebasing: frames[taken...])
        // Once a part of a frame is on its way the rest has to follow.
        guard taken > 0 || queue.count - sent + rest.count <= Self.queueLimit else {
            dropped += 1
            return false
        }
        queue.append(contentsOf: rest)
        return true
    }

    /// The kernel takes more.
    func drain() throws(SystemError) {
        while !isDrained {
            let result = queue.withUnsafeBytes { raw in
                Result { () throws(SystemError) in try socket.send(UnsafeRawBufferPointer(rebasing: raw[sent...])) }
            }
            let taken = try result.get()
            if taken == 0 { break }
            sent += taken
        }
        if isDrained || sent > Self.queueLimit / 2 {
            queue.removeFirst(sent)
            sent = 0
        }
    }
}
