import Foundation
import Testing

/// The guide to the debugging of IKEv2 on IOS, with what its tables and a PDF have done to it undone. Spaces are left out: the
/// tables break lines anywhere, and the document's indentation is lost with them.
enum IOSDocument {
    /// Cells of the columns that describe, which stand among the lines of debugging: how each begins and ends.
    private static let cells: [(String, String)] = [
        ("## Router Debugs", "Initiates SA creation "), ("First pair of messages is", "remote cisco "),
        ("Initiator building IKE_INIT_SA packet", "(Initiator Nonce). "),
        ("-----Initiator sent IKE_INIT_SA", "-----> "), ("Responder r IKE_INIT_ ", ""),
        ("Responder r creation for ", ""), ("Responder v processes th", "SK_e (encry "),
        ("SK_a (auth", "remote cis "), ("Router 2 bu responder n", "Responder 1 "),
        ("Router2 sen responder n Router 1. ", ""), ("<-----Responder sent IKE_INIT_SA", "from Router 2. "),
        ("Responder s for Auth pro ", ""), ("Router1 verifies and processes the response", "is also generated. "),
        ("Initiator starts IKE_AUTH exchange", "respectively for "),
        ("forwarding/receiving encrypted", "ikev2-profile IKEV2-SETUP "),
        ("-----Initiator sent IKE_AUTH", "-----> "),
        ("Router 2 receives the IKE_AUTH message and verifies", "integrity sha1 "),
        ("Router 2 receives the response to the IKE_AUTH", "contains: IS "), ("Header(SPI version/flag", "ASA1. "),
        ("Responder s response for IKE_AUTH ", ""), ("<-----Responder sent IKE_AUTH", "from Responder. "),
        ("Responder i entry into th", ""),
        ("Router 1 verifies and processes the authentication", "into its SAD. "),
        ("Tunnel is up on the Initiator", "READY . "),
        ("Tunnel is up Responder. Responder t usually com before the I ", ""),
        ("## CHILD_SA Debugs", "payload-optional). The Notify "),
        ("Payload, is used to transmit", "N payload MUST be omitted. "), ("-- --- -- ", ""), ("-- -- -- -- ", ""),
        ("Router 2 now for the CHILD", "in an IK "), ("in any o indicate", "activating the CHILD_SA. "),
        ("This packet is Router 2. ", ""), ("-- --- -- ---------------------------------- ", ""),
    ]

    /// Words that are damaged in one place and whole in all others, and one line whose two halves are in two places.
    private static let repairs: [(String, String)] = [
        ("Generate skkeyid", "Generate skeyid"), ("EV_OK_RECDDH_SECRET_RESP", "EV_OK_REC'D_DH_SECRET_RESP"),
        (twice, "an item off the pak queue "), (readyTail + " ", ""),
        ("IKEv2:(SA *Nov 11 19:30:34.840: ", "IKEv2:(SA \(readyTail) *Nov 11 19:30:34.840: "),
    ]
    /// A cell that stands a second time, behind a line of the other router.
    private static let twice =
        "an item off the packet queue I_SPI=F074D8BBD5A59F0B R_SPI=F94020DD8CB4B9C4 (R) MsgID = 00000000 "
        + "CurState: INIT_DONE Event:EV_START_TMR "
    private static let readyTail =
        "ID = 1):SM Trace-> SA: I_SPI=F074D8BBD5A59F0B R_SPI=F94020DD8CB4B9C4 (I) MsgID = 00000001 "
        + "CurState: READY Event: EV_I_OK"

    private static func flat(from first: String, to last: String) throws -> String {
        var text = try SharedFolder.lines("seeds/cisco-ios-ikev2-psk-debugs.txt").joined(separator: "\n")
        let start = try #require(text.range(of: first))
        let end = try #require(text.range(of: last))
        text = String(text[start.lowerBound..<end.lowerBound])
        text.replace(#/\\([_*>\[\]])/#) { "\($0.1)" }
        for (old, new) in [("&gt;", ">"), ("&lt;", "<"), ("**", ""), ("```", " "), ("|", " ")] {
            text = text.replacingOccurrences(of: old, with: new)
        }
        text.replace(#/<\/?(?:b|i|p|pre|br|ul|li)[ \/]*>/#, with: " ")
        text.replace(#/\s+/#, with: " ")
        return text
    }

    /// All debugging, as records: what one time stands before.
    static func debugging() throws -> [String] {
        var text = try flat(from: "## Router Debugs", to: "## Tunnel Verification")
        for (first, last) in cells {
            let start = try #require(text.range(of: first), "no cell that begins with '\(first)'")
            let rest = start.upperBound..<text.endIndex
            let end = last.isEmpty ? start.upperBound : try #require(text.range(of: last, range: rest)).upperBound
            text.removeSubrange(start.lowerBound..<end)
        }
        for (old, new) in repairs {
            #expect(text.contains(old))
            if let place = text.range(of: old) { text.replaceSubrange(place, with: new) }
        }
        return records(text)
    }

    /// Cut where a time stands; without spaces; what a run draws by chance as what it is. Message IDs, lengths, payloads,
    /// groups, states and the numbers of SAs stay.
    static func records(_ text: String) -> [String] {
        text.replacing("ConstructNotify", with: "Construct Notify")
            .split(separator: #/\*[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d\.\d{3}: ?/#).map { record in
                String(record.filter { !$0.isWhitespace })
                    .replacing(#/([IR]_SPI=)(?!0{16})[0-9A-F]{16}/#) { "\($0.1)IKESPI" }
                    .replacing(#/SPI0x[0-9A-F]{8}/#, with: "SPI0xESPSPI")
            }.filter { !$0.isEmpty }
    }

    /// The listings of a router, each with its prompt and command.
    static func listings(_ router: Int) throws -> [String] {
        let text = try flat(from: "### ISAKMP", to: "## Related Information").replacing("<#root>", with: " ")
        // What stands between two outputs: headings, a note, and the sentence before the last command.
        let pieces = text.split(separator: #/(?=Router[12]#)/#).map { piece in
            piece.split(separator: #/ (?:##+ |---|You can also check)/#)[0]
        }
        return pieces.filter { $0.hasPrefix("Router\(router)#") }.map { listed(String($0)) }
    }

    /// Without spaces; times, SPIs, and numbers that a device counts its own objects by, as what they are. The document's
    /// kilobytes come of a start that IOS draws.
    static func listed(_ text: String) -> String {
        text.filter { !$0.isWhitespace }
            .replacing(#/(Localspi:|Remotespi:)[0-9A-F]{16}/#) { "\($0.1)IKESPI" }
            .replacing(#/spi:0x[0-9A-F]+\([0-9]+\)/#, with: "spi:0xESPSPI(DEC)")
            .replacing(#/ActiveTime:120\/[0-9]+sec/#, with: "ActiveTime:120/Xsec")
            .replacing(#/\(k\/sec\):\([0-9]+\/[0-9]+\)/#, with: "(k/sec):(K/X)")
            .replacing(#/Status[0-9]+10\.0\.0/#, with: "StatusN10.0.0")
            .replacing(#/CEid:[0-9]+,Session-id:[0-9]+/#, with: "CEid:N,Session-id:N")
            .replacing(#/connid:[0-9]+,flow_id:SW:[0-9]+/#, with: "connid:N,flow_id:SW:N")
    }
}
