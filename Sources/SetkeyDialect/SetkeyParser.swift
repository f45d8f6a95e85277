import IKECrypto
import IKEModel
import NetAddress

/// Reads setkey's language statement by statement: those before a mistake have been read, and are carried out.
///
/// ESP alone, in tunnel and transport mode, with policies of the level `require`. AH, IPComp, `discard` and `none` are not there.
struct SetkeyParser {
    private var scanner: SetkeyScanner

    init(_ text: String) { scanner = SetkeyScanner(text) }

    /// nil at the end of the text.
    mutating func next() throws(SetkeySyntaxError) -> (statement: SetkeyStatement, line: Int)? {
        while scanner.take(";") {}
        guard let word = scanner.next else { return nil }
        let line = scanner.line
        guard scanner.take(word) else { return nil }
        let statement: SetkeyStatement
        switch word {
        case "flush", "dump":
            _ = scanner.take("esp")
            statement = word == "flush" ? .flush : .dump
        case "spdflush": statement = .policyFlush
        case "spddump": statement = .policyDump
        case "add": statement = .add(try association())
        case "delete":
            options()
            statement = .delete(try name())
        case "spdadd": statement = .policyAdd(try policy())
        case "spddelete":
            options()
            let name = try policyName()
            statement = .policyDelete(name)
        default: throw SetkeySyntaxError(line: line, word: word)
        }
        try scanner.expect(";")
        return (statement, line)
    }

    /// How addresses are to be read; they say it themselves.
    private mutating func options() { while scanner.take("-4") || scanner.take("-6") || scanner.take("-n") {} }

    private mutating func name() throws(SetkeySyntaxError) -> ManualSA.Name {
        let source = try scanner.value(IPAddress.init)
        let destination = try scanner.value { text in
            IPAddress(text).flatMap { $0.family == source.family ? $0 : nil }
        }
        try scanner.expect("esp")
        // Below 256 they are reserved (RFC 4303 §2.1).
        let spi = try scanner.value { text -> UInt32? in
            let value = text.hasPrefix("0x") ? UInt32(text.dropFirst(2), radix: 16) : UInt32(text)
            return value.flatMap { $0 > 255 ? $0 : nil }
        }
        return ManualSA.Name(source: source, destination: destination, spi: ESPSPI(spi))
    }

    // MARK: add

    private mutating func association() throws(SetkeySyntaxError) -> ManualSA {
        options()
        let name = try name()
        var mode = ESPMode.transport
        var window = 0
        var cipher: (name: String, choice: CipherChoice, key: SecretBytes)?
        var hash: (name: String, algorithm: IntegrityAlgorithm, key: SecretBytes)?
        while scanner.next != ";" {
            if scanner.take("-m") {
                // `any` is transport mode to Linux.
                mode = try scanner.value { ["tunnel": .tunnel, "transport": .transport, "any": .transport][$0] }
            } else if scanner.take("-r") {
                window = try scanner.value { Int($0).flatMap { (0...255).contains($0) ? $0 * 8 : nil } }
            } else if scanner.take("-E") {
                cipher = try encryption()
            } else if scanner.take("-A") {
                hash = try integrity()
            } else {
                throw scanner.syntaxError
            }
        }
        guard let cipher else { throw scanner.syntaxError }
        // An AEAD brings its own; a cipher without one would let anybody change packets (RFC 8221 §4).
        guard cipher.choice.algorithm.isAEAD == (hash == nil) else { throw scanner.syntaxError }
        return ManualSA(
            name: name, mode: mode,
            suite: ESPSuite(
                cipher: cipher.choice, integrity: hash?.algorithm ?? .none, extendedSequenceNumbers: false),
            encryptionKey: cipher.key, integrityKey: hash?.key ?? SecretBytes([]), replayWindow: window,
            encryptionName: SetkeyAlgorithm.shown(cipher.choice.algorithm),
            integrityName: hash.map { SetkeyAlgorithm.shown($0.algorithm) })
    }

    private mutating func encryption() throws(SetkeySyntaxError) -> (String, CipherChoice, SecretBytes) {
        let (name, algorithm) = try scanner.value(orSay: "unsupported algorithm") { text in
            SetkeyAlgorithm.cipher(text).map { (text, $0) }
        }
        if algorithm == .null {
            // With an empty key, or without one.
            _ = scanner.take("\"\"")
            return (name, CipherChoice(.null), SecretBytes([]))
        }
        let salt = algorithm.saltLength
        let key = try scanner.value(orSay: "invalid key length") { text in
            SetkeyAlgorithm.key(text).flatMap {
                algorithm.allowedKeyBits.contains(($0.count - salt) * 8) ? $0 : nil
            }
        }
        return (
            name, CipherChoice(algorithm, keyBits: algorithm.takesKeyLength ? (key.count - salt) * 8 : 0),
            SecretBytes(key)
        )
    }

    private mutating func integrity() throws(SetkeySyntaxError) -> (String, IntegrityAlgorithm, SecretBytes) {
        let (name, algorithm) = try scanner.value(orSay: "unsupported algorithm") { text in
            SetkeyAlgorithm.hash(text).map { (text, $0) }
        }
        let key = try scanner.value(orSay: "invalid key length") { text in
            SetkeyAlgorithm.key(text).flatMap { $0.count == algorithm.keyLength ? $0 : nil }
        }
        return (name, algorithm, SecretBytes(key))
    }

    // MARK: spdadd

    /// `ADDRESS[/LENGTH][[PORT]]`.
    private static func end(_ text: String) -> (prefix: IPPrefix, port: UInt16)? {
        guard let bracket = text.firstIndex(of: "[") else { return IPPrefix(text).map { ($0, 0) } }
        guard text.hasSuffix("]"), let prefix = IPPrefix(String(text[..<bracket])) else { return nil }
        let inside = text[text.index(after: bracket)...].dropLast()
        if inside == "any" { return (prefix, 0) }
        return UInt16(inside).map { (prefix, $0) }
    }

    private mutating func policyName() throws(SetkeySyntaxError) -> ManualPolicy.Name {
        let source = try scanner.value(Self.end)
        let destination = try scanner.value { text in
            Self.end(text).flatMap { $0.prefix.family == source.prefix.family ? $0 : nil }
        }
        let number = try scanner.value { SetkeyAlgorithm.upperProtocol($0) }
        try scanner.expect("-P")
        let isOutbound = scanner.take("out")
        if !isOutbound { try scanner.expect("in") }
        return ManualPolicy.Name(
            source: TrafficSelector(source.prefix, ipProtocol: number, port: source.port),
            destination: TrafficSelector(destination.prefix, ipProtocol: number, port: destination.port),
            isOutbound: isOutbound)
    }

    private mutating func policy() throws(SetkeySyntaxError) -> ManualPolicy {
        options()
        let name = try policyName()
        try scanner.expect("ipsec")
        return try scanner.value { text in
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 4, parts[0] == "esp", parts[3] == "require" else { return nil }
            if parts[1] == "transport", parts[2].isEmpty { return ManualPolicy(name: name, mode: .transport) }
            let ends = parts[2].split(separator: "-").compactMap { IPAddress(String($0)) }
            guard parts[1] == "tunnel", ends.count == 2, ends[0].family == ends[1].family else { return nil }
            return ManualPolicy(name: name, mode: .tunnel, tunnel: (ends[0], ends[1]))
        }
    }
}
