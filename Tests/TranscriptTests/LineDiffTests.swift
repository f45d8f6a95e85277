import Testing

@testable import Transcript

struct LineDiffTests {
    @Test func `the unified form names places as diff -u does`() {
        let old = (1...12).map { "line \($0)" }
        var new = old
        new[5] = "other"
        new.removeLast()
        new.insert("first", at: 0)
        let text = LineDiff(expected: old, got: new).unified(
            expected: old, got: new, expectedName: "west.console.txt", gotName: "OUTPUT/west.console.txt", context: 1)
        #expect(
            text == """
                --- west.console.txt
                +++ OUTPUT/west.console.txt
                @@ -1 +1,2 @@
                +first
                 line 1
                @@ -5,3 +6,3 @@
                 line 5
                -line 6
                +other
                 line 7
                @@ -11,2 +12 @@
                 line 11
                -line 12

                """)
    }

    @Test func `equal texts have no diff, and one side may be empty`() {
        #expect(LineDiff(expected: ["a", "b"], got: ["a", "b"]).isEmpty)
        let diff = LineDiff(expected: [], got: ["a"])
        #expect(diff.edits == [.extra(got: 0)])
        #expect(
            diff.unified(expected: [], got: ["a"], expectedName: "x", gotName: "y").hasSuffix("@@ -0,0 +1 @@\n+a\n"))
    }

    @Test(arguments: 0..<300) func `a diff is shortest, and applied gives the other text`(_ seed: Int) {
        var random = SplitMix(state: UInt64(seed) &* 7919 &+ 1)
        func text() -> [String] {
            (0..<Int(random.next() % 24)).map { _ in String(random.next() % 4) }
        }
        let (old, new) = (text(), text())
        let edits = LineDiff(expected: old, got: new).edits
        let kept = edits.compactMap { edit -> String? in
            if case .same(let x, let y) = edit {
                #expect(old[x] == new[y])
                return old[x]
            } else {
                return nil
            }
        }
        #expect(edits.compactMap(\.expectedIndex) == Array(old.indices))
        #expect(edits.compactMap(\.gotIndex) == Array(new.indices))
        #expect(kept.count == Self.longestCommon(old, new))
    }

    /// The length of the longest common subsequence, by the table.
    private static func longestCommon(_ a: [String], _ b: [String]) -> Int {
        var table = Array(repeating: Array(repeating: 0, count: b.count + 1), count: a.count + 1)
        for i in a.indices {
            for j in b.indices {
                table[i + 1][j + 1] = a[i] == b[j] ? table[i][j] + 1 : max(table[i][j + 1], table[i + 1][j])
            }
        }
        return table[a.count][b.count]
    }
}

/// A small generator, so that a failing case has a number.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
