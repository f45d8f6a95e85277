/// What a command line asks for, as far as rules care: some rewrite only what certain commands print.
package struct CommandKinds: OptionSet, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// `ipsec start`, `stop` or `restart`.
    package static let service = CommandKinds(rawValue: 1 << 0)
    /// `ipsec stop` or `restart`.
    package static let stop = CommandKinds(rawValue: 1 << 1)
    /// `ipsec up`, `ipsec auto --up`.
    package static let up = CommandKinds(rawValue: 1 << 2)
    /// `ipsec status` and its older spellings.
    package static let status = CommandKinds(rawValue: 1 << 3)
    /// `ipsec _kernel state`, `ip xfrm state`.
    package static let kernelState = CommandKinds(rawValue: 1 << 4)
    /// `ipsec _kernel policy`, `ip xfrm policy`.
    package static let kernelPolicy = CommandKinds(rawValue: 1 << 5)
    /// Anything with `tcpdump` in it.
    package static let capture = CommandKinds(rawValue: 1 << 6)
    /// A comment: echoed, never run, prints nothing.
    package static let comment = CommandKinds(rawValue: 1 << 7)

    /// From a command as it stands on a console (with or without the leading space); pipelines count as all their parts.
    init(command: [UInt8]) {
        var found = CommandKinds(rawValue: 0)
        if command.first(where: { $0 != UInt8(ascii: " ") }) == UInt8(ascii: "#") {
            found = .comment
        } else {
            let signature = LineSignature(command)
            for (kinds, text, textSignature) in CommandKinds.words
            where signature.covers(textSignature) && command.position(of: text) != nil {
                found.formUnion(kinds)
            }
        }
        self = found
    }

    private static let words: [(CommandKinds, [UInt8], LineSignature)] = [
        (.service, "ipsec start"), ([.service, .stop], "ipsec stop"), ([.service, .stop], "ipsec restart"),
        (.up, "ipsec up"), (.up, "auto --up"),
        (.status, "ipsec status"), (.status, "auto --status"), (.status, "whack --status"),
        (.kernelState, "_kernel state"), (.kernelState, "xfrm state"),
        (.kernelPolicy, "_kernel policy"), (.kernelPolicy, "xfrm policy"),
        (.capture, "tcpdump"),
    ].map { (kinds: CommandKinds, text: String) in
        let octets = Array(text.utf8)
        return (kinds, octets, LineSignature(octets))
    }
}
