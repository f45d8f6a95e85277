import LinuxSystem
import NetAddress

/// The pairs of subnets that the connections of an ipsec.conf protect: what must not be seen in clear between hosts.
///
/// A reader for this one purpose: the daemon is the judge of the file. Only pairs that are written as prefixes count;
/// hosts without subnets (`left=` and `right=` alone) are left out, since they also talk in clear.
struct ConnectionSubnets {
    let pairs: Set<LinkCapture.Protected>

    init(configuration text: String) {
        let sections = Self.sections(text)
        var pairs: Set<LinkCapture.Protected> = []
        for name in sections.keys where name != "%default" {
            let left = Self.values("leftsubnet", "leftsubnets", of: name, in: sections)
            let right = Self.values("rightsubnet", "rightsubnets", of: name, in: sections)
            for left in left {
                for right in right where right.family == left.family {
                    pairs.insert(LinkCapture.Protected(left: left, right: right))
                }
            }
        }
        self.pairs = pairs
    }

    /// The keys of each `conn`; a key given twice keeps all its values (`also` is given more than once).
    private static func sections(_ text: String) -> [String: [(key: String, value: String)]] {
        var sections: [String: [(key: String, value: String)]] = [:]
        var current: String?
        for line in text.split(whereSeparator: \.isNewline) {
            let isIndented = line.first == " " || line.first == "\t"
            let words = line.prefix { $0 != "#" }.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard let first = words.first else { continue }
            if !isIndented {
                current = first == "conn" && words.count > 1 ? String(words[1]) : nil
                if let current, sections[current] == nil { sections[current] = [] }
                continue
            }
            let parts = words.joined(separator: " ").split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let current, parts.count == 2 else { continue }
            let blanks: (Character) -> Bool = { $0 == " " || $0 == "\"" }
            sections[current]!.append(
                (
                    parts[0].filter { $0 != " " },
                    String(parts[1].drop(while: blanks).reversed().drop(while: blanks).reversed())
                ))
        }
        return sections
    }

    /// The prefixes of a key: the section's own, else those of what it names with `also`, else the defaults'.
    private static func values(
        _ keys: String..., of section: String, in sections: [String: [(key: String, value: String)]]
    ) -> [IPPrefix] {
        var seen: Set<String> = []
        func look(_ name: String) -> [IPPrefix] {
            guard seen.insert(name).inserted, let pairs = sections[name] else { return [] }
            let own = pairs.filter { keys.contains($0.key) }.flatMap { pair in
                pair.value.split(whereSeparator: { " ,{}".contains($0) }).compactMap { IPPrefix(String($0)) }
            }
            if !own.isEmpty { return own }
            for pair in pairs where pair.key == "also" {
                let found = look(pair.value)
                if !found.isEmpty { return found }
            }
            return []
        }
        let own = look(section)
        return own.isEmpty ? look("%default") : own
    }
}

extension ScenarioFolder {
    /// The pairs of networks whose packets must not be seen in clear.
    package var protectedPairs: Set<LinkCapture.Protected> {
        switch settings.protection {
        case .none: return []
        case .traffic(let traffic): return Set(traffic.map(LinkCapture.Protected.init))
        case .connections:
            let texts = configurations.values.compactMap { try? FileSystem.readText($0) }
            return texts.reduce(into: []) { $0.formUnion(ConnectionSubnets(configuration: $1).pairs) }
        }
    }

    /// Whether a console is expected to count octets that ESP carried: then ESP must have been on a link.
    var expectsESP: Bool {
        ((expectedOfAll.map { [$0] } ?? []) + Array(expected.values)).contains { path in
            ((try? FileSystem.readText(path)) ?? "").split(separator: "\n").contains { line in
                line.contains("type=ESP,") && (line.contains("inBytes=") || line.contains("outBytes="))
                    && !(line.contains("inBytes=0,") && line.contains("outBytes=0,"))
            }
        }
    }
}

extension LinkCapture.Protected {
    init(_ traffic: ProtectedTraffic) {
        self.init(left: traffic.left, right: traffic.right, link: traffic.link)
    }
}
