/// A message of VICI as `swanctl --raw` and `--pretty` print it: `{key=value list=[a b] section {…}}`.
struct ViciMessage {
    private indirect enum Element {
        case value(String, String)
        case list(String, [String])
        case section(String, ViciMessage)
    }

    private var elements: [Element] = []

    mutating func add(_ key: String, _ value: String) { elements.append(.value(key, value)) }
    mutating func list(_ key: String, _ values: [String]) { elements.append(.list(key, values)) }
    mutating func section(_ name: String, _ fill: (inout ViciMessage) -> Void) {
        var inner = ViciMessage()
        fill(&inner)
        elements.append(.section(name, inner))
    }

    var raw: String {
        "{"
            + elements.map { element in
                switch element {
                case .value(let key, let value): "\(key)=\(value)"
                case .list(let key, let values): "\(key)=[\(values.joined(separator: " "))]"
                case .section(let name, let inner): "\(name) \(inner.raw)"
                }
            }.joined(separator: " ") + "}"
    }

    var pretty: String { "{\n" + lines(indent: "  ").map { $0 + "\n" }.joined() + "}" }

    private func lines(indent: String) -> [String] {
        elements.flatMap { element -> [String] in
            switch element {
            case .value(let key, let value): ["\(indent)\(key) = \(value)"]
            case .list(let key, let values):
                ["\(indent)\(key) = ["] + values.map { "\(indent)  \($0)" } + ["\(indent)]"]
            case .section(let name, let inner):
                ["\(indent)\(name) {"] + inner.lines(indent: indent + "  ") + ["\(indent)}"]
            }
        }
    }
}
