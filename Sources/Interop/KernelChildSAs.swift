/// What a Linux kernel has of Child SAs: `ip xfrm state` and behind it `ip xfrm policy`.
struct KernelChildSAs {
    private struct State {
        var spi: String
        var reqid: Substring
        var algorithms: String
    }
    private var states: [State] = []
    /// By reqid: source and destination of the policies out.
    private var selectors: [Substring: [(source: String, destination: String)]] = [:]

    init(_ text: String) {
        var selector: (source: Substring, destination: Substring)?
        var isOut = false
        for line in text.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == "\t" }
            func value(_ key: Substring) -> Substring? {
                words.firstIndex(of: key).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
            }
            if line.hasPrefix("src "), let source = value("src"), let destination = value("dst") {
                selector = (source, destination)
                isOut = false
            } else if value("proto") == "esp", let reqid = value("reqid") {
                if let spi = value("spi") {
                    states.append(State(spi: ChildView.padded(spi.dropFirst(2)), reqid: reqid, algorithms: ""))
                } else if isOut, let selector {
                    let ends = (Self.network(selector.source), Self.network(selector.destination))
                    selectors[reqid, default: []].append(ends)
                }
            } else if value("dir") == "out" {
                isOut = true
            } else if let last = states.indices.last, let name = Self.algorithm(words) {
                states[last].algorithms += (states[last].algorithms.isEmpty ? "" : "/") + name
            }
        }
        // The cipher comes first, whatever the order of the listing.
        for index in states.indices {
            let names = states[index].algorithms.split(separator: "/")
            states[index].algorithms =
                (names.filter { !Self.isIntegrity($0) } + names.filter(Self.isIntegrity)).joined(separator: "/")
        }
    }

    /// The pair of states with these SPIs; nil where one of them is missing, or their algorithms differ.
    func child(outbound: String, inbound: String) -> ChildView? {
        guard let out = states.first(where: { $0.spi == outbound }),
            let input = states.first(where: { $0.spi == inbound }), out.algorithms == input.algorithms
        else { return nil }
        let ends = selectors[out.reqid] ?? []
        return ChildView(
            outbound: outbound, inbound: inbound, algorithms: out.algorithms,
            localSelectors: ends.map(\.source).joined(separator: " "),
            remoteSelectors: ends.map(\.destination).joined(separator: " "))
    }

    /// A single address is listed without its length.
    private static func network(_ text: Substring) -> String {
        text.contains("/") ? String(text) : "\(text)/\(text.contains(":") ? 128 : 32)"
    }

    private static func isIntegrity(_ name: Substring) -> Bool { integrity.values.contains(String(name)) }

    /// `auth-trunc hmac(sha256) 0xKEY 128`: the kernel's name with its ICV's length in bits, and strongSwan's.
    private static let integrity = [
        "hmac(md5) 96": "HMAC_MD5_96", "hmac(sha1) 96": "HMAC_SHA1_96", "hmac(sha256) 128": "HMAC_SHA2_256_128",
        "hmac(sha384) 192": "HMAC_SHA2_384_192", "hmac(sha512) 256": "HMAC_SHA2_512_256",
        "xcbc(aes) 96": "AES_XCBC_96", "cmac(aes) 96": "AES_CMAC_96",
    ]

    /// The kernel's name of a cipher, strongSwan's, and how many octets of the listed key are a salt.
    private static let ciphers: [Substring: (name: String, saltOctets: Int)] = [
        "rfc4106(gcm(aes))": ("AES_GCM", 4), "rfc4309(ccm(aes))": ("AES_CCM", 3), "rfc3686(ctr(aes))": ("AES_CTR", 4),
        "cbc(aes)": ("AES_CBC", 0), "cbc(camellia)": ("CAMELLIA_CBC", 0),
    ]
    private static let ciphersOfOneLength: [Substring: String] = [
        "rfc7539esp(chacha20,poly1305)": "CHACHA20_POLY1305", "cbc(des3_ede)": "3DES_CBC", "ecb(cipher_null)": "NULL",
    ]

    /// A line of a state that names an algorithm, in strongSwan's words.
    private static func algorithm(_ words: [Substring]) -> String? {
        guard words.count > 1, ["enc", "aead", "auth", "auth-trunc"].contains(words[0]) else { return nil }
        if words[0].hasPrefix("auth") {
            let name = "\(words[1]) \(words.count > 3 ? words[3] : "?")"
            return integrity[name] ?? name
        }
        if let name = ciphersOfOneLength[words[1]] { return name }
        guard let cipher = ciphers[words[1]], words.count > 2 else { return String(words[1]) }
        let bits = (words[2].count - 2) * 4 - cipher.saltOctets * 8
        // Of a combined mode, its ICV's octets belong to the name.
        let octets = words[0] == "aead" && words.count > 3 ? Int(words[3]).map { "_\($0 / 8)" } ?? "" : ""
        return "\(cipher.name)\(octets)-\(bits)"
    }
}
