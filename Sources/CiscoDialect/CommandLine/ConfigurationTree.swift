/// A running configuration: lines in the order in which they came, some with lines of their own below them.
struct ConfigurationTree {
    struct Entry: Hashable {
        var words: [String]
        var identity: [String]
        /// The mode's lines below this one, and their identities.
        var children: [Line] = []
    }

    struct Line: Hashable {
        var words: [String]
        var identity: [String]
    }

    private(set) var entries: [Entry] = []

    /// Adds a line, or puts it in the place of the one that it names. - Returns: where it stands.
    mutating func set(_ words: [String], identity: [String]) -> Int {
        if let index = entries.firstIndex(where: { $0.identity == identity }) {
            entries[index].words = words
            return index
        }
        entries.append(Entry(words: words, identity: identity))
        return entries.count - 1
    }

    mutating func set(_ words: [String], identity: [String], below index: Int) {
        if let child = entries[index].children.firstIndex(where: { $0.identity == identity }) {
            entries[index].children[child].words = words
        } else {
            entries[index].children.append(Line(words: words, identity: identity))
        }
    }

    /// Takes away the lines that begin so. - Returns: whether there were any.
    mutating func remove(beginning words: [String], below index: Int? = nil) -> Bool {
        guard let index else {
            let count = entries.count
            entries.removeAll { $0.words.starts(with: words) }
            return entries.count != count
        }
        let count = entries[index].children.count
        entries[index].children.removeAll { $0.words.starts(with: words) }
        return entries[index].children.count != count
    }

    /// What follows these words in each line that begins with them.
    func rests(of words: String...) -> [[String]] {
        entries.filter { $0.words.starts(with: words) }.map { Array($0.words.dropFirst(words.count)) }
    }

    func entry(_ words: String...) -> Entry? { entries.first { $0.words.starts(with: words) } }

    /// As `show running-config` prints it, one more space before each line of a mode.
    var text: String {
        entries.map { entry in
            ([entry.words.joined(separator: " ")] + entry.children.map { " " + $0.words.joined(separator: " ") })
                .map { $0 + "\n" }.joined()
        }.joined()
    }
}

extension ConfigurationTree.Entry {
    /// What follows these words in the first line below that begins with them.
    func rest(of words: String...) -> [String]? {
        children.first { $0.words.starts(with: words) }.map { Array($0.words.dropFirst(words.count)) }
    }
}
