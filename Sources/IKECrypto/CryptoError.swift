import COpenSSL

/// Why a cryptographic operation was refused.
package enum CryptoError: Error, Hashable, Sendable {
    /// The number, the key length or the combination has no implementation here; the text names it.
    case unsupported(String)
    /// A key of the wrong length; both in octets, the salt of an AEAD key counted.
    case keyLength(expected: Int, got: Int)
    /// An input whose length cannot be right (`what` says which), in octets.
    case length(what: String, expected: Int, got: Int)
    /// The check value does not match: a wrong key, or the octets were changed on the way. Nothing was decrypted.
    case integrity
    /// The peer's public value fails RFC 6989's tests or has the wrong length; the text says which.
    case publicValue(KeyExchangeMethod, String)
    /// DER, PEM or PKCS #12 that cannot be read: what was expected and what came.
    case malformed(String)
    /// libcrypto failed; `reasons` is its error queue, oldest first.
    case openSSL(operation: String, reasons: [String])

    /// Empties this thread's OpenSSL error queue into an error.
    ///
    /// The queue is emptied even where the reasons say little: entries left there would be blamed on the next call.
    static func drained(_ operation: StaticString) -> CryptoError {
        var reasons: [String] = []
        while true {
            let code = ERR_get_error()
            if code == 0 { break }
            let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
                ERR_error_string_n(code, buffer.baseAddress, buffer.count)
                return String(cString: buffer.baseAddress!)
            }
            reasons.append(text)
        }
        return .openSSL(operation: "\(operation)", reasons: reasons)
    }

    /// Throws the drained queue unless `result` is 1, OpenSSL's word for success.
    @inline(__always)
    static func check(_ result: Int32, _ operation: StaticString) throws(CryptoError) {
        if result != 1 { throw drained(operation) }
    }
}

extension CryptoError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unsupported(let what): "\(what) is not supported"
        case .keyLength(let expected, let got): "expected a key of \(expected) octets, got \(got)"
        case .length(let what, let expected, let got): "expected \(what) of \(expected) octets, got \(got)"
        case .integrity: "integrity check failed"
        case .publicValue(let method, let why): "bad \(method.name) public value: \(why)"
        case .malformed(let what): what
        case .openSSL(let operation, let reasons):
            "\(operation) failed\(reasons.isEmpty ? "" : ": " + reasons.joined(separator: "; "))"
        }
    }
}
