import IKEWire
import Testing

/// EAP messages (RFC 3748 §4).
struct EAPMessageTests {
    private static let rows: [(EAPMessage, [UInt8])] = [
        (EAPMessage(.request, identifier: 7, type: .identity), [1, 7, 0, 5, 1]),
        (
            EAPMessage(.response, identifier: 7, type: .identity, data: Array("carol".utf8)),
            [2, 7, 0, 10, 1, 99, 97, 114, 111, 108]
        ),
        (EAPMessage(.response, identifier: 0, type: .nak, data: [26]), [2, 0, 0, 6, 3, 26]),
        (EAPMessage(.success, identifier: 255), [3, 255, 0, 4]),
        (EAPMessage(.failure, identifier: 1), [4, 1, 0, 4]),
    ]

    @Test func `what is written is read`() throws {
        for (message, octets) in Self.rows {
            #expect(message.octets == octets)
            #expect(try EAPMessage(parsing: octets) == message)
            for count in 0..<octets.count {
                #expect(throws: WireError.self) { try EAPMessage(parsing: Array(octets.prefix(count))) }
            }
        }
    }

    @Test(
        arguments: [
            ([1, 7, 0, 4], WireError.Code.truncated), ([3, 7, 0, 5, 1], .leftover), ([5, 7, 0, 4], .value),
            ([2, 7, 0, 9, 1], .length),
        ] as [([UInt8], WireError.Code)])
    func `what is no EAP message is refused`(octets: [UInt8], code: WireError.Code) {
        #expect {
            try EAPMessage(parsing: octets)
        } throws: { ($0 as? WireError)?.code == code }
    }
}
