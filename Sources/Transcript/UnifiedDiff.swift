extension LineDiff {
    /// The edit as `diff -u` prints it; empty where nothing differs.
    /// - Parameter context: how many common lines stand around each change.
    package func unified(
        expected: [String], got: [String], expectedName: String, gotName: String, context: Int = 3
    ) -> String {
        var text = ""
        for hunk in hunks(context: context) {
            if text.isEmpty { text = "--- \(expectedName)\n+++ \(gotName)\n" }
            let slice = edits[hunk]
            let old = slice.compactMap(\.expectedIndex)
            let new = slice.compactMap(\.gotIndex)
            let before = edits[..<hunk.lowerBound]
            text += "@@ -\(Self.range(old, after: before.count { $0.expectedIndex != nil }))"
            text += " +\(Self.range(new, after: before.count { $0.gotIndex != nil })) @@\n"
            for edit in slice {
                switch edit {
                case .same(let index, _): text += " \(expected[index])\n"
                case .missing(let index): text += "-\(expected[index])\n"
                case .extra(let index): text += "+\(got[index])\n"
                }
            }
        }
        return text
    }

    /// Runs of edits that hold changes not further than twice the context apart.
    private func hunks(context: Int) -> [Range<Int>] {
        var hunks: [Range<Int>] = []
        for index in edits.indices {
            if case .same = edits[index] { continue }
            let start = max(0, index - context)
            let end = min(edits.count, index + 1 + context)
            if let last = hunks.last, start <= last.upperBound {
                hunks[hunks.count - 1] = last.lowerBound..<end
            } else {
                hunks.append(start..<end)
            }
        }
        return hunks
    }

    /// `12,7`; `12` for one line; `11,0` for none, where 11 is the line before.
    private static func range(_ indices: [Int], after before: Int) -> String {
        switch indices.count {
        case 0: "\(before),0"
        case 1: "\(indices[0] + 1)"
        default: "\(indices[0] + 1),\(indices.count)"
        }
    }
}

extension LineDiff.Edit {
    /// The place in the expected text, from 0; nil for an extra line.
    package var expectedIndex: Int? {
        switch self {
        case .same(let index, _), .missing(let index): index
        case .extra: nil
        }
    }

    /// The place in what came, from 0; nil for a missing line.
    package var gotIndex: Int? {
        switch self {
        case .same(_, let index), .extra(let index): index
        case .missing: nil
        }
    }
}
