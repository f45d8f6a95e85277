/// What pluto says that it has: `ipsec whack --status`, lines of its log, and what the kernel has for it.
extension PeerSAs {
    /// IKE SPIs and algorithms stand in no listing of release 4's: the log has them, by the number of the state. Of a Child SA
    /// the listing has the SPIs; algorithms and selectors are the kernel's.
    package init(libreswan text: String) {
        let kernel = KernelChildSAs(text)
        var states: [Substring: Substring] = [:]
        var parents: [Substring: Substring] = [:]
        var spis: [Substring: [String]] = [:]
        var algorithms: [Substring: String] = [:]
        var children: [(number: Substring, outbound: String, inbound: String)] = []
        var order: [Substring] = []
        for line in text.split(separator: "\n") {
            guard let number = Self.stateNumber(line) else { continue }
            if line.contains("ike_spis@") {
                spis[number] = Self.hashedSPIs(line)
            } else if line.contains(" {cipher=") {
                algorithms[number] = Self.algorithms(line)
            } else if let name = Self.word(after: " STATE_V2_", in: line) {
                states[number] = name
                order.append(number)
                if let parent = Self.word(after: "IKE SA #", in: line) { parents[number] = parent }
            } else {
                // `esp.SPI@ADDRESS`, with a colon where that is one of IPv6: outbound, then inbound.
                let pair = line.split(separator: " ").filter { $0.hasPrefix("esp.") || $0.hasPrefix("esp:") }
                    .map { ChildView.padded($0.dropFirst(4).prefix { $0.isHexDigit }) }
                if pair.count == 2 { children.append((number, pair[0], pair[1])) }
            }
        }
        self.init(
            ikes: order.filter { states[$0]?.hasSuffix("_IKE_SA") ?? false }.map { number in
                let pair = spis[number] ?? []
                return IKE(
                    isEstablished: states[number] == "ESTABLISHED_IKE_SA",
                    state: states[number].map(String.init) ?? "?",
                    algorithms: algorithms[number] ?? "?", initiatorSPI: pair.first ?? "",
                    responderSPI: pair.last ?? "",
                    children: children.filter {
                        parents[$0.number] == number && states[$0.number] == "ESTABLISHED_CHILD_SA"
                    }
                    .compactMap { kernel.child(outbound: $0.outbound, inbound: $0.inbound) })
            })
    }

    /// `… "w" #4: …` and `… "w"[1] 192.1.2.45 #4: …` are of state 4, and so is `000 #4: …`.
    private static func stateNumber(_ line: Substring) -> Substring? {
        for range in line.ranges(of: "#") {
            let digits = line[range.upperBound...].prefix { $0.isNumber }
            if !digits.isEmpty, line[digits.endIndex...].first == ":" { return digits }
        }
        return nil
    }

    private static func word(after marker: String, in line: Substring) -> Substring? {
        line.firstRange(of: marker).map { range in
            line[range.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        }
    }

    /// `… ike_spis@0x55 "w" #1: 14 73 c7 a9  09 43 97 8b  5e 14 53 01  e0 fe 80 8e added to hash table …`
    private static func hashedSPIs(_ line: Substring) -> [String] {
        let octets = line.split(separator: " ").filter { $0.count == 2 && $0.allSatisfy(\.isHexDigit) }
        guard octets.count == 16 else { return [] }
        return [octets.prefix(8), octets.suffix(8)].map { $0.reduce("", +) }
    }

    /// `… {cipher=AES_CBC_256 integ=HMAC_SHA2_256_128 prf=HMAC_SHA2_256 group=DH31}`
    private static func algorithms(_ line: Substring) -> String {
        func value(_ key: String) -> Substring {
            guard let range = line.firstRange(of: "\(key)=") else { return "?" }
            return line[range.upperBound...].prefix { $0 != " " && $0 != "}" }
        }
        // Where there is one length it is no part of the name.
        let bare = ["3DES_CBC", "CHACHA20_POLY1305"].first { value("cipher").hasPrefix($0) }
        let cipher = bare ?? ChildView.cipher(value("cipher"))
        let prf = value("prf") == "AES_XCBC" ? "AES128_XCBC" : value("prf")
        let group = value("group")
        let listed =
            group.hasPrefix("MODP")
            ? "MODP_\(group.dropFirst(4))"
            : UInt16(group.dropFirst(2)).flatMap { ProposalName.groups[$0] } ?? String(group)
        return ([cipher] + (value("integ") == "n/a" ? [] : [String(value("integ"))]) + ["PRF_\(prf)", listed])
            .joined(separator: "/")
    }
}
