/// libreswan/keys.txt: `name = hex` lines in sections; a second pair on a line is known as `first.second`.
package struct KeyLog {
    package struct Section {
        package let title: String
        var values: [String: String]

        package func has(_ name: String) -> Bool { values[name] != nil }
        /// "(empty)" is no octets. A missing name is a mistake in the test.
        package subscript(name: String) -> [UInt8] {
            guard let text = values[name] else { preconditionFailure("\(title) has no \(name)") }
            return text == "(empty)" ? [] : [UInt8](hex: text)
        }
    }

    /// The first holds what stands in front of the sections.
    package private(set) var sections: [Section] = [Section(title: "", values: [:])]

    package init(_ text: String) {
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
                let title = String(line[line.index(after: line.startIndex)..<end])
                sections.append(Section(title: title, values: [:]))
                continue
            }
            let words = line.split(separator: " ")
            var first: Substring?
            for index in words.indices.dropFirst() where words[index] == "=" && index + 1 < words.count {
                if words[index - 1].hasPrefix("#") { break }
                let name = first.map { "\($0).\(words[index - 1])" } ?? String(words[index - 1])
                first = first ?? words[index - 1]
                sections[sections.count - 1].values[name] = String(words[index + 1])
            }
        }
    }

    package subscript(title: String) -> Section {
        guard let section = sections.first(where: { $0.title == title }) else {
            preconditionFailure("no section \(title)")
        }
        return section
    }
}
