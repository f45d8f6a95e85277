/// How values of ipsec.conf are written: times, truth, percentages, numbers, lists.
enum ValueSyntax {
    /// `yes`, `no` and their kin.
    static func truth(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "yes", "true", "on", "1", "y", "t": true
        case "no", "false", "off", "0", "n", "f": false
        default: nil
        }
    }

    /// A whole number with a unit (`ms`, `s`, `m`, `h`, `d`, `w`), or without one in `unit`; at most 68 years.
    static func duration(_ text: String, unit: Duration = .seconds(1)) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, let count = Int64(digits) else { return nil }
        let scale: Duration
        switch text[digits.endIndex...] {
        case "": scale = unit
        case "ms": scale = .milliseconds(1)
        case "s": scale = .seconds(1)
        case "m": scale = .seconds(60)
        case "h": scale = .seconds(3600)
        case "d": scale = .seconds(86400)
        case "w": scale = .seconds(7 * 86400)
        default: return nil
        }
        let (seconds, attoseconds) = scale.components
        // 2^31 seconds: what a 32-bit lifetime can say.
        guard count <= (seconds > 0 ? Int64(1) << 31 / seconds : (Int64(1) << 31) * 1000) else { return nil }
        return seconds > 0
            ? .seconds(count * seconds) : .milliseconds(count * (attoseconds / 1_000_000_000_000_000))
    }

    /// `100%` or `100`.
    static func percentage(_ text: String) -> Int? {
        let digits = text.hasSuffix("%") ? text.dropLast() : text[...]
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }), let value = Int(digits), value <= 10000
        else { return nil }
        return value
    }

    /// A whole number in decimal, or behind `2^` a power of two up to 2^63, or with a factor (`k`, `M`, `G`, `T`, also
    /// `Ki` …; a `B` may follow).
    static func count(_ text: String) -> UInt64? {
        if text.hasPrefix("2^"), let power = UInt64(text.dropFirst(2)), power <= 63 { return 1 << power }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, let value = UInt64(digits) else { return nil }
        var suffix = text[digits.endIndex...]
        if suffix.hasSuffix("B") { suffix = suffix.dropLast() }
        let factor: UInt64
        switch suffix {
        case "": factor = 1
        case "k", "K": factor = 1000
        case "M": factor = 1_000_000
        case "G": factor = 1_000_000_000
        case "T": factor = 1_000_000_000_000
        case "Ki": factor = 1 << 10
        case "Mi": factor = 1 << 20
        case "Gi": factor = 1 << 30
        case "Ti": factor = 1 << 40
        default: return nil
        }
        let (product, overflow) = value.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    /// Parts between commas or white space.
    static func list(_ text: String) -> [String] {
        text.split { $0 == "," || $0 == " " || $0 == "\t" }.map(String.init)
    }
}
