import DialectKit
import IKEModel

/// What is still to be done, next on top.
struct Agenda {
    /// One thing to be done.
    enum Item {
        case output(Output)
        case effect(DialectEffect)
    }

    /// More steps than one input ever leads to. A thousand connections that go down at once take some ten thousand.
    static let greatestStepCount = 1_000_000

    private var items: [Item] = []

    /// On top, the first of them topmost.
    mutating func push(_ outputs: [Output]) {
        for output in outputs.reversed() { items.append(.output(output)) }
    }

    mutating func push(_ effects: [DialectEffect]) {
        for effect in effects.reversed() { items.append(.effect(effect)) }
    }

    /// Takes back what was to be told of a change that did not come about.
    mutating func withdraw(_ isClaim: (Event) -> Bool) {
        items.removeAll {
            if case .output(.event(let event)) = $0 { isClaim(event) } else { false }
        }
    }

    mutating func pop() -> Item? { items.popLast() }

    mutating func removeAll() { items.removeAll() }
}
