import IKEWire
import Recordings
import Testing

/// Every IKE message that real daemons sent each other in `../shared/reference`.
@Suite struct RecordedMessageTests {
    /// What `messages.txt` says of one IKE message, in its own words.
    struct Row: Equatable {
        var frame: Int
        /// `IKE_SA_INIT request exchange=34 msgid=0 flags=0x08(I) spi_i=… spi_r=… length=732`
        var header: String
        /// `SA len=532`, `N(COOKIE) len=8`, `SKF len=511 next=N fragment 1/3`: payloads in clear with their lengths.
        var payloads: [String]
    }

    @Test(.enabled(if: Recording.areThere, Comment(rawValue: Recording.absent)))
    func `libreswan's messages are what messages.txt says`() throws {
        let expected = Self.rows(try Recording.text("libreswan/messages.txt"))
        #expect(expected.count == 24)
        let found = try Recording.resume.datagrams().map { datagram in
            try Self.row(datagram.frame, try Message(parsing: datagram.octets))
        }
        #expect(found == expected)
    }

    @Test(
        .enabled(if: Recording.areThere, Comment(rawValue: Recording.absent)),
        arguments: [(Recording.resume, 24), (.vppResponder, 6), (.vppBoth, 6)])
    func `every recorded message is read and written octet for octet`(_ recording: Recording, _ count: Int) throws {
        let datagrams = try recording.datagrams()
        #expect(datagrams.count == count)
        for octets in datagrams.map(\.octets) {
            let message = try Message(parsing: octets)
            #expect(message.encoded() == octets)
            // With an Encrypted payload that gives back what came: write its prefix anew from its parts as well.
            guard let protected = message.protected else { continue }
            var fragment: (number: UInt16, total: UInt16)?
            if case .fragment(let number, let total) = protected.kind { fragment = (number, total) }
            let prefix = Message.protectedPrefix(
                header: message.header, inner: protected.innerFirst, bodyCount: protected.body.count,
                fragment: fragment, clear: message.payloads)
            #expect(prefix == protected.prefix)
        }
    }

    static func row(_ frame: Int, _ message: Message) throws -> Row {
        let header = message.header
        let flags = (header.isInitiator ? 0x08 : 0) | (header.isResponse ? 0x20 : 0)
        let letters = [header.isInitiator ? "I" : nil, header.isResponse ? "R" : nil].compactMap(\.self).joined(
            separator: "|")
        var payloads = message.payloads.map { payload in
            payload.listName(isResponse: header.isResponse)
                + " len=\(Message.encodePayloads([payload]).octets.count)"
        }
        if let protected = message.protected {
            let next = protected.innerFirst == .none ? "-" : protected.innerFirst.name
            var length = 4 + protected.body.count
            var fragment = ""
            if case .fragment(let number, let total) = protected.kind {
                length += 4
                fragment = " fragment \(number)/\(total)"
            }
            payloads.append("\(protected.type) len=\(length) next=\(next)\(fragment)")
        }
        return Row(
            frame: frame,
            header: "\(header.exchangeType) \(header.isResponse ? "response" : "request")"
                + " exchange=\(header.exchangeType.rawValue) msgid=\(header.messageID)"
                + " flags=0x\([UInt8(flags)].hex)(\(letters)) spi_i=\(header.initiatorSPI)"
                + " spi_r=\(header.responderSPI) length=\(message.encoded().count)",
            payloads: payloads)
    }

    /// The rows of `messages.txt`: of each frame the line behind its heading, and the lines indented by three spaces.
    static func rows(_ text: String) -> [Row] {
        var rows: [Row] = []
        var frame = 0
        for line in text.split(separator: "\n") {
            if line.hasPrefix("## frame ") {
                frame = Int(line.dropFirst(9).prefix { $0.isNumber })!
            } else if line.hasPrefix("IKE_") || line.hasPrefix("INFORMATIONAL") {
                rows.append(Row(frame: frame, header: String(line), payloads: []))
            } else if line.hasPrefix("   "), rows.last?.frame == frame,
                let payload = payload(line.dropFirst(3).split(separator: " ", omittingEmptySubsequences: false))
            {
                rows[rows.count - 1].payloads.append(payload)
            }
        }
        return rows
    }

    /// Name, length and what of the outside of an Encrypted payload is told; nil for other lines.
    private static func payload(_ words: [Substring]) -> String? {
        guard let name = words.first, !name.isEmpty, let length = words.first(where: { $0.hasPrefix("len=") })
        else { return nil }
        guard name.hasPrefix("SK") else { return "\(name) \(length)" }
        var text = "\(name) \(length) \(words[2])"
        if let index = words.firstIndex(of: "fragment") {
            text += " fragment " + words[index + 1].prefix { $0 != "," }
        }
        return text
    }
}
