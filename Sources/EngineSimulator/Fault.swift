package import IKEModel

/// What the link does to one datagram.
package enum Fault: Hashable, Sendable {
    case drop
    /// It arrives twice, the second time 5 ms later.
    case duplicate
    /// It arrives after the next datagram of the same end, or when the link is healed.
    case delay
    /// One octet has a bit flipped; which octet, in 256ths of the length.
    case corrupt(UInt8)
}

/// How often the link does what, in percent of all datagrams.
package struct FaultRates: Hashable, Sendable {
    package var drop: Int
    package var duplicate: Int
    package var delay: Int
    package var corrupt: Int

    package init(drop: Int = 0, duplicate: Int = 0, delay: Int = 0, corrupt: Int = 0) {
        self.drop = drop
        self.duplicate = duplicate
        self.delay = delay
        self.corrupt = corrupt
    }
}

/// Which datagrams meet with a fault: those that are listed, by the order in which they were sent, counted from 0; beside
/// them a share of all.
package struct FaultPlan: Hashable, Sendable {
    package var listed: [Int: Fault]
    package var rates: FaultRates
    package var seed: UInt64
    /// After this the link is perfect; the listed ones hold at any time.
    package var until: Instant

    package init(
        listed: [Int: Fault] = [:], rates: FaultRates = FaultRates(), seed: UInt64 = 0,
        until: Instant = Instant(nanoseconds: .max)
    ) {
        self.listed = listed
        self.rates = rates
        self.seed = seed
        self.until = until
    }

    /// The same for the same number, whatever was asked before: a schedule that is shrunk keeps its other faults.
    func fault(for number: Int, at now: Instant) -> Fault? {
        if let fault = listed[number] { return fault }
        guard now < until, rates != FaultRates() else { return nil }
        var dice = Dice(seed: seed ^ UInt64(truncatingIfNeeded: number) &* 0xd134_2543_de82_ef95)
        var roll = dice.below(100)
        for (share, fault) in [(rates.drop, Fault.drop), (rates.duplicate, .duplicate), (rates.delay, .delay)] {
            if roll < share { return fault }
            roll -= share
        }
        return roll < rates.corrupt ? .corrupt(UInt8(dice.below(256))) : nil
    }
}

/// A small generator of repeatable numbers (SplitMix64), for schedules; never for keys.
package struct Dice: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }

    package mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }
}
