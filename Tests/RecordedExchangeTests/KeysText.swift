/// `keys.txt`: `name = value` lines, some for all, the rest in one block per IKE SA.
struct KeysText {
    private(set) var common: [String: String] = [:]
    private(set) var blocks: [[String: String]] = []

    init(_ text: String) {
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            if line.hasPrefix("[IKE SA ") {
                blocks.append([:])
                // The title goes on behind the bracket: "kind = …".
            } else if let equals = line.firstRange(of: " = ") {
                let name = String(line[..<equals.lowerBound])
                var value = line[equals.upperBound...]
                if let comment = value.firstRange(of: "   #") { value = value[..<comment.lowerBound] }
                let whole = value == "(empty)" ? "" : String(value)
                if blocks.isEmpty { common[name] = whole } else { blocks[blocks.count - 1][name] = whole }
            }
        }
    }

    /// The block of an IKE SA by its initiator's SPI, in hexadecimal.
    func block(initiatorSPI: String) -> [String: String]? { blocks.first { $0["SPIi"] == initiatorSPI } }
}
