/// The shortest edit from one list of lines to another: Myers' algorithm in the form that needs memory in proportion to
/// the lines only (E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", 1986, section 4b).
package struct LineDiff: Sendable, Equatable {
    package enum Edit: Sendable, Equatable {
        /// The line stands in both, at these places (from 0).
        case same(expected: Int, got: Int)
        /// Only in the expected text.
        case missing(expected: Int)
        /// Only in what came.
        case extra(got: Int)
    }

    /// In the order of both texts; what is missing before what stands in its place.
    package let edits: [Edit]

    package init(expected: [String], got: [String]) {
        var numbers: [String: Int] = [:]
        func number(_ line: String) -> Int {
            if let known = numbers[line] { return known }
            numbers[line] = numbers.count
            return numbers.count - 1
        }
        var search = Search(old: expected.map(number), new: got.map(number))
        search.compare(0..<expected.count, 0..<got.count)
        edits = search.edits()
    }

    package var isEmpty: Bool {
        edits.allSatisfy { if case .same = $0 { true } else { false } }
    }
}

/// Marks, on both sides, which lines are not common.
private struct Search {
    let old: [Int]
    let new: [Int]
    var isOldCommon: [Bool]
    var isNewCommon: [Bool]

    init(old: [Int], new: [Int]) {
        self.old = old
        self.new = new
        isOldCommon = Array(repeating: false, count: old.count)
        isNewCommon = Array(repeating: false, count: new.count)
    }

    mutating func compare(_ oldRange: Range<Int>, _ newRange: Range<Int>) {
        var (oldStart, oldEnd) = (oldRange.lowerBound, oldRange.upperBound)
        var (newStart, newEnd) = (newRange.lowerBound, newRange.upperBound)
        while oldStart < oldEnd, newStart < newEnd, old[oldStart] == new[newStart] {
            isOldCommon[oldStart] = true
            isNewCommon[newStart] = true
            oldStart += 1
            newStart += 1
        }
        while oldStart < oldEnd, newStart < newEnd, old[oldEnd - 1] == new[newEnd - 1] {
            oldEnd -= 1
            newEnd -= 1
            isOldCommon[oldEnd] = true
            isNewCommon[newEnd] = true
        }
        guard oldStart < oldEnd, newStart < newEnd else { return }
        guard let middle = middle(oldStart..<oldEnd, newStart..<newEnd) else { return }
        compare(oldStart..<middle.old, newStart..<middle.new)
        compare(middle.old..<oldEnd, middle.new..<newEnd)
    }

    /// A point on a shortest path that lies in the middle of it; nil where nothing is common. The ranges are not empty,
    /// and neither their first lines nor their last are equal, so the point is no corner.
    private func middle(_ oldRange: Range<Int>, _ newRange: Range<Int>) -> (old: Int, new: Int)? {
        let (n, m) = (oldRange.count, newRange.count)
        let (a, b) = (oldRange.lowerBound, newRange.lowerBound)
        let delta = n - m
        let limit = (n + m + 1) / 2
        let zero = limit + 1
        // The furthest place in `old` on each diagonal, from the front and, mirrored, from the back.
        var front = Array(repeating: 0, count: 2 * limit + 3)
        var back = front
        for d in 0...limit {
            for k in stride(from: -d, through: d, by: 2) where k >= -m && k <= n {
                var x =
                    k == -d || (k != d && front[zero + k - 1] < front[zero + k + 1])
                    ? front[zero + k + 1] : front[zero + k - 1] + 1
                x = min(x, n)
                var y = x - k
                guard y >= 0, y <= m else {
                    front[zero + k] = x
                    continue
                }
                while x < n, y < m, old[a + x] == new[b + y] {
                    x += 1
                    y += 1
                }
                front[zero + k] = x
                let mirrored = delta - k
                if delta % 2 != 0, abs(mirrored) <= d - 1, x + back[zero + mirrored] >= n {
                    return point(a + x, b + y, oldRange, newRange)
                }
            }
            for k in stride(from: -d, through: d, by: 2) where k >= -m && k <= n {
                var x =
                    k == -d || (k != d && back[zero + k - 1] < back[zero + k + 1])
                    ? back[zero + k + 1] : back[zero + k - 1] + 1
                x = min(x, n)
                var y = x - k
                guard y >= 0, y <= m else {
                    back[zero + k] = x
                    continue
                }
                while x < n, y < m, old[a + n - 1 - x] == new[b + m - 1 - y] {
                    x += 1
                    y += 1
                }
                back[zero + k] = x
                let mirrored = delta - k
                if delta % 2 == 0, abs(mirrored) <= d, x + front[zero + mirrored] >= n {
                    return point(a + n - x, b + m - y, oldRange, newRange)
                }
            }
        }
        return nil
    }

    /// A corner would make a part as great as the whole: then nothing more is common.
    private func point(_ old: Int, _ new: Int, _ oldRange: Range<Int>, _ newRange: Range<Int>) -> (old: Int, new: Int)?
    {
        let isCorner =
            (old == oldRange.lowerBound && new == newRange.lowerBound)
            || (old == oldRange.upperBound && new == newRange.upperBound)
        return isCorner ? nil : (old, new)
    }

    func edits() -> [LineDiff.Edit] {
        var edits: [LineDiff.Edit] = []
        edits.reserveCapacity(max(old.count, new.count))
        var (x, y) = (0, 0)
        while x < old.count || y < new.count {
            if x < old.count, !isOldCommon[x] {
                edits.append(.missing(expected: x))
                x += 1
            } else if y < new.count, !isNewCommon[y] {
                edits.append(.extra(got: y))
                y += 1
            } else {
                edits.append(.same(expected: x, got: y))
                x += 1
                y += 1
            }
        }
        return edits
    }
}
