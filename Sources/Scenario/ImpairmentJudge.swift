import CaptureFile

/// Decides, frame by frame, what a link does to it. The same frames in the same order fare alike in every run.
package struct ImpairmentJudge {
    /// What becomes of a frame.
    package enum Fate: Equatable, Sendable {
        case pass, drop, duplicate, reorder
        case delay(Duration)
        /// The octet of the frame, from 0, whose bits are inverted.
        case corrupt(at: Int)
    }

    private let impairments: [LinkImpairment]
    /// How often each has matched.
    private var counts: [Int]
    private var random: [SplitMix]
    /// How many frames have been lost.
    package private(set) var dropCount = 0

    package init(_ impairments: [LinkImpairment]) {
        self.impairments = impairments
        counts = impairments.map { _ in 0 }
        random = impairments.map {
            if case .share(_, let seed) = $0.frequency { SplitMix(state: seed) } else { SplitMix(state: 0) }
        }
    }

    /// What happens to a frame that a host sends; of several impairments that mean it, the first decides.
    package mutating func fate(of frame: ArraySlice<UInt8>, from host: String) -> Fate {
        let kind = Kind(frame)
        for (index, impairment) in impairments.enumerated() {
            guard impairment.from == nil || impairment.from == host, kind.matches(impairment.selection) else {
                continue
            }
            counts[index] += 1
            let isMeant =
                switch impairment.frequency {
                case .all: true
                case .nth(let numbers): numbers.contains(counts[index])
                // Drawn for each that matches, so that one loss does not move the others.
                case .share(let share, _): random[index].nextUnit() < share
                }
            if isMeant { return fate(impairment.action, frame, kind) }
        }
        return .pass
    }

    private mutating func fate(_ action: LinkImpairment.Action, _ frame: ArraySlice<UInt8>, _ kind: Kind) -> Fate {
        switch action {
        case .drop:
            dropCount += 1
            return .drop
        case .duplicate: return .duplicate
        case .reorder: return .reorder
        case .delay(let duration): return .delay(duration)
        case .corrupt(let octet):
            // One that is not so long stays as it is.
            guard let start = kind.start(in: frame), start + octet < frame.endIndex else { return .pass }
            return .corrupt(at: start + octet - frame.startIndex)
        }
    }

    /// What a frame is to a selection.
    private enum Kind {
        case esp
        /// Exchange type and flags (RFC 7296 §3.1: octets 18 and 19 of the header).
        case ike(exchange: UInt8, isResponse: Bool, start: Int)
        case other

        init(_ frame: ArraySlice<UInt8>) {
            switch FrameSummary(ethernet: frame)?.content {
            case .esp: self = .esp
            case .ike(let message) where message.count >= 28:
                let start = message.startIndex
                self = .ike(exchange: message[start + 18], isResponse: message[start + 19] & 0x20 != 0, start: start)
            default: self = .other
            }
        }

        /// Where in the frame its octets are counted from.
        func start(in frame: ArraySlice<UInt8>) -> Int? {
            if case .ike(_, _, let start) = self { return start }
            guard case .esp = self, let view = PacketView(frame: frame, linkType: .ethernet) else { return nil }
            switch view.content {
            case .udp(_, _, let payload): return payload.startIndex
            // Behind SPI and sequence number.
            case .esp(_, _, let payload): return payload.startIndex - 8
            default: return nil
            }
        }

        func matches(_ selection: LinkImpairment.Selection) -> Bool {
            switch (selection, self) {
            case (.any, _), (.esp, .esp): true
            case (.ike(let exchange, let direction), .ike(let number, let isResponse, _)):
                (exchange == nil || exchange?.rawValue == number)
                    && (direction == nil || (direction == .response) == isResponse)
            default: false
            }
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, seeded, the same on every machine.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }

    /// 0..<1, with 53 bits.
    mutating func nextUnit() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }
}
