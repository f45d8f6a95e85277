import IKEModel

/// Certificates that come by their URL (RFC 7296 §3.6); libreswan has no words for them.
extension Wording {
    static func certificateFetched(_ url: String, _ failure: CertificateFetchFailure?) -> String {
        switch failure {
        case nil: "fetched the peer's certificate from '\(url)'"
        case .notFetched(let reason): "unable to fetch the peer's certificate from '\(url)': \(reason)"
        case .otherHash: "what was fetched from '\(url)' has another hash than the peer said"
        case .malformed: "peer's certificate is neither there nor at an http URL"
        case .malformedBundle: "what was fetched from '\(url)' is no bundle of certificates"
        case .tooMany: "peer sent too many URLs of certificates"
        }
    }
}
