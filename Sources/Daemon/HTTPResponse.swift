import DialectKit

/// An answer of HTTP/1.x as it comes in (RFC 9112): to a GET, on a connection that is closed behind it.
struct HTTPResponse {
    /// Head and body together.
    static let greatestOctets = 8 << 20
    private static let greatestHead = 64 << 10

    private var octets: [UInt8] = []

    /// - Returns: the body, once it is whole; nil: more is to come.
    mutating func add(_ more: [UInt8]) throws(FetchFailure) -> [UInt8]? {
        guard octets.count + more.count <= Self.greatestOctets else { throw .tooLong }
        octets += more
        return try body(atEnd: false)
    }

    /// The connection is at its end, and with it a body of no stated length.
    func end() throws(FetchFailure) -> [UInt8] {
        guard let body = try body(atEnd: true) else { throw .malformed }
        return body
    }

    private func body(atEnd: Bool) throws(FetchFailure) -> [UInt8]? {
        guard let head = octets.firstRange(of: Array("\r\n\r\n".utf8)) else {
            if octets.count > Self.greatestHead { throw .malformed }
            return nil
        }
        let lines = String(decoding: octets[..<head.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else { throw .malformed }
        guard status == 200 else { throw .status(status) }
        var length: Int?
        var isChunked = false
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { throw .malformed }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            let trimmed = String(value.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
            switch line[..<colon].lowercased() {
            case "content-length":
                guard let number = Int(trimmed), number >= 0, length.map({ $0 == number }) ?? true else {
                    throw .malformed
                }
                length = number
            case "transfer-encoding":
                guard trimmed.lowercased() == "chunked" else { throw .malformed }
                isChunked = true
            default: break
            }
        }
        let rest = octets[head.upperBound...]
        // Of the two the chunks count (RFC 9112 §6.3).
        if isChunked { return try Self.joined(rest) }
        guard let length else { return atEnd ? Array(rest) : nil }
        guard length <= Self.greatestOctets else { throw .tooLong }
        return rest.count >= length ? Array(rest.prefix(length)) : nil
    }

    /// Chunks put together (RFC 9112 §7.1); nil: the last one is not there yet.
    private static func joined(_ octets: ArraySlice<UInt8>) throws(FetchFailure) -> [UInt8]? {
        var rest = octets
        var result: [UInt8] = []
        while true {
            guard let end = rest.firstRange(of: Array("\r\n".utf8)) else {
                if rest.count > 1024 { throw .malformed }
                return nil
            }
            let size = String(decoding: rest[..<end.lowerBound].prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self)
            guard let count = Int(size, radix: 16), (0...greatestOctets).contains(count) else { throw .malformed }
            rest = rest[end.upperBound...]
            if count == 0 { return result }
            guard rest.count >= count + 2 else { return nil }
            result += rest.prefix(count)
            rest = rest.dropFirst(count)
            guard rest.starts(with: [0x0d, 0x0a]) else { throw .malformed }
            rest = rest.dropFirst(2)
        }
    }
}
