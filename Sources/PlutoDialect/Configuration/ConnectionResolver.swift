/// Finds a connection's assignments across `also=` and `%default`.
package struct ConnectionResolver {
    private let file: ConfigurationFile
    private let sections: [String: ConnectionSection]

    package init(_ file: ConfigurationFile) {
        self.file = file
        sections = Dictionary(file.connections.map { ($0.name, $0) }) { first, _ in first }
    }

    package var names: [String] { file.connections.map(\.name).filter { $0 != "%default" } }

    /// One assignment per key: a section's own beat those of an `also=`, an earlier `also=` beats a later one, all beat
    /// `%default`; within a section the last one counts.
    ///
    /// - Throws: an unknown key, an `also=` that leads nowhere or back to where it came from.
    package func assignments(of name: String) throws(ConfigurationError) -> [Assignment]? {
        guard let section = sections[name], name != "%default" else { return nil }
        var found: [String: Assignment] = [:]
        var order: [String] = []
        var seen: Set<String> = []
        try collect(section, into: &found, &order, &seen, path: [])
        if let defaults = sections["%default"] { try collect(defaults, into: &found, &order, &seen, path: []) }
        return order.map { found[$0]! }
    }

    /// Every section's keys are known and every `also=` leads somewhere: what `addconn --checkconfig` asks.
    package func check() throws(ConfigurationError) {
        for section in file.connections {
            var found: [String: Assignment] = [:]
            var order: [String] = []
            var seen: Set<String> = []
            try collect(section, into: &found, &order, &seen, path: [])
        }
    }

    private func collect(
        _ section: ConnectionSection, into found: inout [String: Assignment], _ order: inout [String],
        _ seen: inout Set<String>, path: [String]
    ) throws(ConfigurationError) {
        // Reached along a second way it has nothing new to say; without this, diamonds would take exponential time.
        guard seen.insert(section.name).inserted else { return }
        var own: [String: Assignment] = [:]
        var ownOrder: [String] = []
        var also: [Assignment] = []
        for assignment in section.assignments {
            guard ConfigurationKeys.isKnownInConnection(assignment.key) else {
                throw assignment.error("unrecognized conn keyword '\(assignment.key)'")
            }
            if assignment.key == "also" {
                also.append(assignment)
                continue
            }
            let key = ConfigurationKeys.canonical(assignment.key)
            if own.updateValue(assignment, forKey: key) == nil { ownOrder.append(key) }
        }
        for key in ownOrder where found[key] == nil {
            found[key] = own[key]
            order.append(key)
        }
        let path = path + [section.name]
        for assignment in also {
            guard let next = sections[assignment.value] else {
                throw assignment.error("also=\(assignment.value): no such connection")
            }
            guard !path.contains(next.name) else {
                throw assignment.error(
                    "also=\(assignment.value): loop (\((path + [next.name]).joined(separator: " -> ")))")
            }
            guard path.count < 256 else { throw assignment.error("also=\(assignment.value): chain too long") }
            try collect(next, into: &found, &order, &seen, path: path)
        }
    }
}
