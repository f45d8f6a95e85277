/// Why a document could not be fetched by HTTP.
package enum FetchFailure: Error, Hashable, Sendable {
    /// No `http:` URL.
    case malformedURL
    /// Neither an address nor a name that is known here.
    case unknownHost(String)
    /// There was no connection after so many milliseconds.
    case noConnection(host: String, port: UInt16, milliseconds: Int)
    /// The connection broke while the question was sent, or the answer came; in the system's words.
    case sendFailed(String)
    case receiveFailed(String)
    case timedOut(milliseconds: Int)
    /// An answer other than 200 (RFC 9110 §15).
    case status(Int)
    case malformedAnswer
    case tooLong
    /// So many are under way.
    case busy
}
