/// A piece of what goes between a command in a kept guest and the terminal that it was asked for at.
///
/// Over the guest's serial line, which all visits share: the visit (2 octets, big-endian), the kind (1), the payload's length (2),
/// the payload. Over a visitor's own socket, which keeps the boundaries of messages, only kind and payload.
struct GuestFrame: Equatable {
    enum Kind: UInt8 {
        // To the guest.
        /// A `GuestCommand` in JSON, the last or the only part of it: the beginning of a visit.
        case open = 1
        case input
        case inputEnd
        /// Rows and columns, 2 octets each.
        case window
        /// The visitor has gone.
        case hangUp
        /// What of a `GuestCommand` does not fit into one frame.
        case openPart
        // From the guest.
        case output
        case errorOutput
        /// The last of a visit: the command's exit code, 4 octets.
        case ended
        /// The last of a visit that came to nothing: 1 where the request was wrong, 0 where the machine refused, then why.
        case refused
        // Both ways.
        /// One frame of input, output or error output has been taken.
        case taken
        /// Of no visit, from the guest: the oldest frame that was not read from the line yet has been.
        case read
    }

    /// The most octets of a payload.
    static let payloadLimit = 1024
    /// The most octets that the line to the guest may hold unread: a terminal's buffer has 4096 and, where it is nearly full, asks the driver
    /// for a rest, from which user-mode Linux's serial lines do not come back.
    static let lineLimit = 3500
    /// How many frames of input, and of both outputs together, may be on their way: so no visitor who stops reading can hold up
    /// another's. Frames and not octets, since a socket's buffer counts them.
    static let window = 32

    var visit: UInt16
    var kind: Kind
    var payload: [UInt8] = []

    var onLine: [UInt8] {
        precondition(payload.count <= UInt16.max, "a frame of \(payload.count) octets")
        let length = UInt16(payload.count)
        return [UInt8(visit >> 8), UInt8(visit & 255), kind.rawValue, UInt8(length >> 8), UInt8(length & 255)] + payload
    }

    var onSocket: [UInt8] { [kind.rawValue] + payload }

    init(visit: UInt16, _ kind: Kind, _ payload: [UInt8] = []) {
        self.visit = visit
        self.kind = kind
        self.payload = payload
    }

    /// nil for no kind that is known.
    init?(visit: UInt16, onSocket octets: ArraySlice<UInt8>) {
        guard let kind = octets.first.flatMap(Kind.init(rawValue:)) else { return nil }
        self.init(visit: visit, kind, Array(octets.dropFirst()))
    }

    /// Takes a whole frame from the front of what has come over the line; nil where there is none yet. One of an unknown kind is
    /// passed over.
    static func next(from text: inout [UInt8]) -> GuestFrame? {
        while text.count >= 5 {
            let length = Int(text[3]) << 8 | Int(text[4])
            guard text.count >= 5 + length else { return nil }
            let kind = Kind(rawValue: text[2])
            let visit = UInt16(text[0]) << 8 | UInt16(text[1])
            let payload = Array(text[5..<(5 + length)])
            text.removeSubrange(..<(5 + length))
            if let kind { return GuestFrame(visit: visit, kind, payload) }
        }
        return nil
    }

    static func numbers(_ values: [UInt16]) -> [UInt8] { values.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } }

    /// The payload as numbers of 2 octets; a last odd octet is left out.
    var numbers: [UInt16] {
        stride(from: 0, to: payload.count - 1, by: 2).map { UInt16(payload[$0]) << 8 | UInt16(payload[$0 + 1]) }
    }
}

/// What a visitor asks for.
struct GuestCommand: Codable {
    var host: String
    var arguments: [String]
    var environment: [String: String]
    /// Rows and columns of the visitor's terminal; nil: none, and the command has pipes.
    var window: [UInt16]?
}
