/// A pattern for one line: texts and runs of octets of a class, matched greedily from left to right without going back,
/// with the parts to be masked named in it. A line costs at most its length times the pattern's.
struct OctetPattern: Sendable, ExpressibleByArrayLiteral {
    enum Element: Sendable {
        /// These octets, kept.
        case text(String)
        /// These octets, removed.
        case cut(String)
        /// So many octets of a class, kept.
        case run(OctetClass, ClosedRange<Int>)
        /// So many octets of a class, replaced by a text.
        case mask(OctetClass, ClosedRange<Int>, String)
        /// Nothing, at the beginning of the line.
        case lineStart
        /// Nothing, at the end of the line.
        case lineEnd
        /// Nothing, where no letter, digit or underscore follows.
        case wordEnd
    }

    /// The same, with octets for strings.
    private enum Step: Sendable {
        case text([UInt8], keep: Bool)
        case run(OctetClass, ClosedRange<Int>, replacement: [UInt8]?)
        case lineStart, lineEnd, wordEnd
    }

    private let steps: [Step]
    /// Covered by the signature of every line in which the pattern matches.
    let signature: LineSignature

    init(arrayLiteral elements: Element...) { self.init(elements) }

    init(_ elements: [Element]) {
        var signature = LineSignature()
        steps = elements.map { element in
            switch element {
            case .text(let text):
                signature.formUnion(LineSignature(Array(text.utf8)))
                return .text(Array(text.utf8), keep: true)
            case .cut(let text):
                signature.formUnion(LineSignature(Array(text.utf8)))
                return .text(Array(text.utf8), keep: false)
            case .run(let octets, let count): return .run(octets, count, replacement: nil)
            case .mask(let octets, let count, let text): return .run(octets, count, replacement: Array(text.utf8))
            case .lineStart: return .lineStart
            case .lineEnd: return .lineEnd
            case .wordEnd: return .wordEnd
            }
        }
        self.signature = signature
    }

    /// Whether the pattern stands anywhere in the line.
    func matches(_ line: ConsoleLine) -> Bool {
        line.signature.covers(signature) && firstMatch(in: line.octets, from: 0) != nil
    }

    /// The line with every match masked; nil where nothing changes.
    func rewriting(_ line: ConsoleLine) -> [UInt8]? {
        guard line.signature.covers(signature) else { return nil }
        let octets = line.octets
        var result: [UInt8] = []
        var done = 0
        while let match = firstMatch(in: octets, from: done) {
            result += octets[done..<match.lowerBound]
            appendMasked(octets, match.lowerBound, to: &result)
            done = match.upperBound
            if match.isEmpty {
                // An empty match masks nothing; step over an octet so that the search goes on.
                guard done < octets.count else { break }
                result.append(octets[done])
                done += 1
            }
        }
        result += octets[done...]
        return result == octets ? nil : result
    }

    private func firstMatch(in octets: [UInt8], from start: Int) -> Range<Int>? {
        var start = start
        while start <= octets.count {
            if case .text(let text, _) = steps.first {
                guard let found = octets.position(of: text, from: start) else { return nil }
                start = found
            }
            if let end = end(of: octets, at: start) { return start..<end }
            if case .lineStart = steps.first { return nil }
            start += 1
        }
        return nil
    }

    /// Where a match that begins at `start` ends; nil where none does.
    private func end(of octets: [UInt8], at start: Int) -> Int? {
        var position = start
        for step in steps {
            switch step {
            case .text(let text, _):
                guard octets.holds(text, at: position) else { return nil }
                position += text.count
            case .run(let octetClass, let count, _):
                let length = octetClass.length(in: octets, at: position, limit: count.upperBound)
                guard length >= count.lowerBound else { return nil }
                position += length
            case .lineStart: guard position == 0 else { return nil }
            case .lineEnd: guard position == octets.count else { return nil }
            case .wordEnd:
                guard position == octets.count || !OctetClass.word.contains(octets[position]) else { return nil }
            }
        }
        return position
    }

    private func appendMasked(_ octets: [UInt8], _ start: Int, to result: inout [UInt8]) {
        var position = start
        for step in steps {
            switch step {
            case .text(let text, let keep):
                if keep { result += text }
                position += text.count
            case .run(let octetClass, let count, let replacement):
                let length = octetClass.length(in: octets, at: position, limit: count.upperBound)
                result += replacement.map { $0[...] } ?? octets[position..<(position + length)]
                position += length
            case .lineStart, .lineEnd, .wordEnd: break
            }
        }
    }
}

extension [UInt8] {
    func holds(_ text: [UInt8], at position: Int) -> Bool {
        guard position + text.count <= count else { return false }
        for offset in text.indices where self[position + offset] != text[offset] { return false }
        return true
    }

    /// Where the text first stands at or after `start`; nil where it does not.
    func position(of text: [UInt8], from start: Int = 0) -> Int? {
        guard let first = text.first else { return start <= count ? start : nil }
        var position = start
        while position + text.count <= count {
            if self[position] == first && holds(text, at: position) { return position }
            position += 1
        }
        return nil
    }

    func starts(with text: StaticString) -> Bool {
        text.withUTF8Buffer { text in count >= text.count && zip(self, text).allSatisfy(==) }
    }
}
