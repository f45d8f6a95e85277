/// VPP's ways to fill a column.
enum Columns {
    static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// The odd space goes to the left.
    static func center(_ text: String, _ width: Int) -> String {
        let room = max(0, width - text.count)
        return String(repeating: " ", count: (room + 1) / 2) + text + String(repeating: " ", count: room / 2)
    }

    static func hex(_ octets: some Sequence<UInt8>) -> String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
