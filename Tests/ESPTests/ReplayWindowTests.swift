import ESP
import IKECrypto
import Testing

struct ReplayWindowTests {
    @Test func `a table of arrivals at a window of 32`() {
        var window = ReplayWindow(size: 32)
        let table: [(UInt64, ReplayWindow.Verdict)] = [
            (0, .stale), (1, .fresh), (1, .duplicate), (3, .fresh), (2, .fresh), (2, .duplicate), (33, .fresh),
            (1, .stale), (2, .duplicate), (4, .fresh), (34, .fresh), (2, .stale), (3, .duplicate), (100, .fresh),
            (68, .stale), (69, .fresh), (69, .duplicate), (100, .duplicate), (34, .stale), (1_000_000, .fresh),
            (999_969, .fresh), (999_968, .stale), (100, .stale), (1 << 40, .fresh), ((1 << 40) - 31, .fresh),
            ((1 << 40) - 32, .stale), (UInt64.max, .fresh), (UInt64.max - 31, .fresh), (UInt64.max - 32, .stale),
            (UInt64.max, .duplicate),
        ]
        for (number, verdict) in table {
            #expect(window.check(number) == verdict, "number \(number), edge \(window.highest)")
            if verdict == .fresh { window.record(number) }
        }
    }

    /// What a window is by definition: a set of numbers and its maximum.
    private struct Model {
        let size: UInt64
        var seen: Set<UInt64> = []
        var highest: UInt64 = 0

        func check(_ number: UInt64) -> ReplayWindow.Verdict {
            if number == 0 || (number <= highest && highest - number >= size) { return .stale }
            return seen.contains(number) ? .duplicate : .fresh
        }

        mutating func record(_ number: UInt64) {
            seen.insert(number)
            highest = max(highest, number)
        }
    }

    @Test(arguments: [32, 33, 63, 64, 65, 96, 127, 128, 129, 500, 1024, 4095, 4096])
    func `20000 random arrivals are judged as a set of numbers would judge them`(size: Int) {
        var random = SeededRandom(seed: UInt64(size))
        var window = ReplayWindow(size: size)
        var model = Model(size: UInt64(size))
        for _ in 0..<20_000 {
            let spread = UInt64(random.integer(UInt8.self))
            // Mostly near the edge, sometimes far ahead, sometimes a jump of about the window or of many.
            let ahead: UInt64 =
                switch spread {
                case 0...2: UInt64(size) * 3 / 2 + UInt64(random.integer(UInt16.self))
                case 3...20: UInt64(size) - 1 + spread % 3
                default: UInt64(random.integer(UInt16.self)) % 5
                }
            let back = spread.isMultiple(of: 2) ? UInt64(random.integer(UInt16.self)) % UInt64(size + 40) : 0
            let target = model.highest + ahead
            let number = target > back ? target - back : 0
            let verdict = window.check(number)
            guard verdict == model.check(number) else {
                Issue.record("\(number) is \(verdict), edge \(model.highest)")
                return
            }
            if verdict == .fresh {
                window.record(number)
                model.record(number)
            }
        }
        #expect(window.highest == model.highest)
    }

    @Test(arguments: [1, 62, 63, 64, 127, 128, 1000] as [UInt64])
    func `a window that is moved here takes all numbers up to its edge as received`(edge: UInt64) {
        var window = ReplayWindow(size: 64, highest: edge)
        for number in (edge > 63 ? edge - 63 : 1)...edge { #expect(window.check(number) == .duplicate) }
        for number in edge + 1...edge + 200 {
            #expect(window.check(number) == .fresh)
            window.record(number)
            #expect(window.check(number) == .duplicate)
        }
    }

    @Test func `without a window only the number 0 is refused`() {
        var window = ReplayWindow(size: 0)
        for number in [5, 5, 1, 5, 4_000_000_000, 1] as [UInt64] {
            #expect(window.check(number) == .fresh)
            window.record(number)
        }
        #expect(window.check(0) == .stale && window.highest == 4_000_000_000)
    }

    /// Edge, low half sent, number meant (RFC 4303 appendix A2.2), window 128.
    static let inferences: [(UInt64, UInt32, UInt64?)] = [
        (0, 1, 1),
        (0, 0x7fff_ffff, 0x7fff_ffff),
        // Before the first number of all.
        (0, 0xffff_ff90, nil),
        (100, 0xffff_fff0, nil),
        (1000, 1001, 1001),
        (1000, 873, 873),
        // Just left of the window reads as far to the right.
        (1000, 872, 0x1_0000_0368),
        // The edge near the end of a span: small numbers are of the next.
        (0xffff_fff0, 5, 0x1_0000_0005),
        (0xffff_ffff, 0, 0x1_0000_0000),
        (0xffff_fff0, 0xffff_ff80, 0xffff_ff80),
        // The edge just behind a wrap: large numbers are of the span before.
        (0x1_0000_0005, 0xffff_fff0, 0xffff_fff0),
        (0x1_0000_0005, 6, 0x1_0000_0006),
        (0x1_0000_0005, 0xffff_ff86, 0xffff_ff86),
        (0x1_0000_0005, 0xffff_ff85, 0x1_ffff_ff85),
        (0x1_0000_007e, 0xffff_ffff, 0xffff_ffff),
        (0x1_0000_007f, 0xffff_ffff, 0x1_ffff_ffff),
        (0x5_8000_0000, 0x7fff_ff81, 0x5_7fff_ff81),
        (0x5_8000_0000, 0x7fff_ff80, 0x6_7fff_ff80),
        // Nothing lies beyond the last number.
        (UInt64.max, 0, nil),
        (UInt64.max, 0xffff_ff80, UInt64.max - 127),
    ]

    @Test(arguments: inferences)
    func `the high half is inferred as RFC 4303's appendix A2 says`(edge: UInt64, low: UInt32, meant: UInt64?) {
        #expect(ReplayWindow(size: 128, highest: edge).extended(low) == meant)
    }
}
