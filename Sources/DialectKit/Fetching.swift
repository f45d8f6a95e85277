package import NetAddress

/// `http://HOST[:PORT]/PATH` (RFC 9110 §4.2.1).
package struct HTTPURL: Hashable, Sendable {
    package var host: String
    package var port: UInt16
    /// With its slash, and a query.
    package var path: String

    /// nil for anything else: other schemes, user names, characters that no URL has.
    package init?(_ text: String) {
        let scheme = "http://"
        guard text.count <= 2048, text.lowercased().hasPrefix(scheme),
            text.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { return nil }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        var tail = rest.dropFirst(authority.count)
        if let fragment = tail.firstIndex(of: "#") { tail = tail[..<fragment] }
        path = tail.hasPrefix("/") ? String(tail) : "/" + tail
        guard !authority.contains("@") else { return nil }
        var name = authority
        var digits: Substring?
        if name.hasPrefix("["), let end = name.firstIndex(of: "]") {
            let behind = name[name.index(after: end)...]
            name = name[name.index(after: name.startIndex)..<end]
            guard behind.isEmpty || behind.hasPrefix(":") else { return nil }
            digits = behind.isEmpty ? nil : behind.dropFirst()
        } else if let colon = name.firstIndex(of: ":") {
            digits = name[name.index(after: colon)...]
            name = name[..<colon]
        }
        guard !name.isEmpty, let port = digits.map({ UInt16($0) }) ?? 80, port > 0 else { return nil }
        host = String(name)
        self.port = port
    }
}

/// A document that is to be had by HTTP, with one GET; nobody is redirected.
package struct FetchRequest: Hashable, Sendable {
    /// The asker's own number for it.
    package var number: UInt64
    package var url: HTTPURL
    /// Of the URL's host.
    package var address: IPAddress

    package init(number: UInt64, url: HTTPURL, address: IPAddress) {
        self.number = number
        self.url = url
        self.address = address
    }
}

/// Why a document could not be fetched.
package enum FetchFailure: Error, Hashable, Sendable {
    /// There was no connection, for the system's reason, after so many milliseconds.
    case noConnection(String, milliseconds: Int)
    case timedOut(milliseconds: Int)
    /// A status other than 200 (RFC 9110 §15).
    case status(Int)
    /// What came is no answer of HTTP's, or ended before its end.
    case malformed
    case tooLong
}
