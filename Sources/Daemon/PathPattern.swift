import LinuxSystem

/// A path with `*` (any octets) and `?` (one octet) in its last part, as in `include /etc/ipsec.d/*.conf`.
package struct PathPattern {
    private let folder: String
    private let pattern: [UInt8]

    package init(_ path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        pattern = Array((parts.last ?? "").utf8)
        folder = parts.dropLast().joined(separator: "/") + (parts.count > 1 ? "/" : "")
    }

    /// The paths that match, sorted. As in a shell, a leading dot is matched only by itself.
    package func matches() -> [String] {
        let names: [String]
        do { names = try FileSystem.list(folder.isEmpty ? "." : folder) } catch { return [] }
        return names.filter { ($0.first != "." || pattern.first == UInt8(ascii: ".")) && matches(Array($0.utf8)) }
            .map { folder + $0 }
    }

    /// Whether a name matches the last part. Linear: after a mismatch only the last `*` takes one octet more.
    package func matches(_ name: [UInt8]) -> Bool {
        var place = 0
        var next = 0
        var star: (pattern: Int, name: Int)?
        while place < name.count {
            if next < pattern.count, pattern[next] == UInt8(ascii: "*") {
                star = (next, place)
                next += 1
            } else if next < pattern.count, pattern[next] == UInt8(ascii: "?") || pattern[next] == name[place] {
                next += 1
                place += 1
            } else if let last = star {
                next = last.pattern + 1
                place = last.name + 1
                star = (last.pattern, place)
            } else {
                return false
            }
        }
        return pattern[next...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
