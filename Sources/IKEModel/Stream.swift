package import NetAddress

/// For whom a TCP connection is opened (RFC 9329 §6.1).
package enum StreamPurpose: Hashable, Sendable {
    /// An IKE SA that does not exist yet.
    case initiate(ConnectionID)
    /// An IKE SA whose TCP connection was lost.
    case resume(IKESAID)
}

/// What the engine asks for around TCP connections. One that is open has no other name than its two ends.
package enum StreamChange: Hashable, Sendable {
    /// From any port of `local`; reported as `opened` or, `timeout` later at most, as `failed`.
    case open(StreamPurpose, local: IPAddress, remote: Endpoint, timeout: Duration)
    /// Once what was sent is on its way; not reported.
    case close(local: Endpoint, remote: Endpoint)
}

/// Why a TCP connection was not opened.
package struct StreamFailure: Error, Hashable, Sendable {
    /// The socket's number, -1 where there was none.
    package var socket: Int32
    /// The errno.
    package var code: Int32
    /// The system's words for it.
    package var description: String

    package init(socket: Int32, code: Int32, description: String) {
        self.socket = socket
        self.code = code
        self.description = description
    }
}

/// What becomes of TCP connections.
package enum StreamReport: Hashable, Sendable {
    case opened(StreamPurpose, local: Endpoint, remote: Endpoint)
    case failed(StreamPurpose, remote: Endpoint, StreamFailure)
    /// One that was open ended, other than by `StreamChange.close`.
    case closed(local: Endpoint, remote: Endpoint)
}
