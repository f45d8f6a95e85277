/// What an engine wants fetched: something that a peer named by its URL (RFC 7296 §3.6). Each is answered by one
/// `FetchReport`, `timeout` later at most.
package struct FetchRequest: Hashable, Sendable {
    package var number: UInt64
    /// `http://…`, printable ASCII, as the peer said it.
    package var url: String
    /// Octets beyond which it is not fetched.
    package var limit: Int
    package var timeout: Duration

    package init(number: UInt64, url: String, limit: Int, timeout: Duration) {
        self.number = number
        self.url = url
        self.limit = limit
        self.timeout = timeout
    }
}

/// What came of a `FetchRequest`.
package struct FetchReport: Hashable, Sendable {
    package var number: UInt64
    /// nil: `reason` says why not.
    package var octets: [UInt8]?
    package var reason: String

    package init(number: UInt64, octets: [UInt8]?, reason: String = "") {
        self.number = number
        self.octets = octets
        self.reason = reason
    }
}

/// Why what a URL leads to is no certificate of the peer's.
package enum CertificateFetchFailure: Error, Hashable, Sendable {
    case notFetched(String)
    /// SHA-1 of what came is not what the peer said.
    case otherHash
    /// No SHA-1 and `http:` URL: of that kind alone they are looked up.
    case malformed
    /// It is no bundle with a certificate in it.
    case malformedBundle
    /// More URLs than anybody needs.
    case tooMany
}
