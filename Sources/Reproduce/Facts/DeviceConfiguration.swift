/// What a document says of one device's configuration, as far as a tunnel's proposals depend on it.
package struct DeviceConfiguration: Sendable {
    package enum Language: String, Sendable {
        case asa = "ASA"
        case ios = "IOS"
        /// Microsoft's New-AzureRmIpsecPolicy and its like.
        case azure = "Azure policy"
    }

    /// Perfect forward secrecy of Child SAs.
    package enum PFS: Hashable, Sendable {
        case group(UInt16)
        /// The place where it would stand has nothing of it.
        case none
    }

    package var language: Language
    package var position: LogPosition
    /// The devices' own address, and the peer's, as written.
    package var address: String?
    package var peer: String?
    package var ike: [LoggedProposal] = []
    package var child: [LoggedProposal] = []
    package var pfs: PFS?
    /// `crypto map CRYPTO-MAP 2`, where `set pfs` belongs.
    package var tunnel: String?
    package var tunnelPosition: LogPosition?
    /// Seconds of a Child SA, and kilobytes (of 1024 octets).
    package var childSeconds: Int?
    package var childKilobytes: Int?
    /// The lines that were understood, as they stand.
    package var lines: [String] = []

    package init(_ language: Language, _ position: LogPosition) {
        (self.language, self.position) = (language, position)
    }
}

/// The kinds of input, told apart by what is in them.
package enum InputKind: String, Sendable {
    case asa = "ASA debugging"
    case ios = "IOS debugging"
    case charon = "charon's log"
    case pluto = "pluto's log"
    case capture = "capture"
    case keys = "table of IKE keys"
}

/// All that one input says.
package struct InputFacts: Sendable {
    package var file: String
    package var kind: InputKind
    package var messages: [LoggedMessage] = []
    package var remarks: [Remark] = []
    package var configurations: [DeviceConfiguration] = []
    /// What was passed over, where that may matter; a sentence each.
    package var gaps: [String] = []

    package init(_ file: String, _ kind: InputKind) { (self.file, self.kind) = (file, kind) }
}

/// An input that says nothing of IKE, with the place and what was looked for.
package struct InputError: Error, CustomStringConvertible {
    package let description: String
    package init(_ position: LogPosition, _ text: String) { description = "\(position): \(text)" }
}
