package import Scenario

/// The results of a run in the XML that continuous integration systems read: the elements and attributes of Jenkins'
/// junit.xsd (`testsuites`, `testsuite`, `testcase`, `failure`, `error`, `skipped`, `system-out`).
///
/// failed is a `failure`; unresolved is an `error`; unsupported and skipped are `skipped`.
package struct JUnitReport {
    package let results: [ScenarioResult]
    /// The diff that belongs to a failed result, where there is one.
    package let diff: (ScenarioResult) -> String

    package init(results: [ScenarioResult], diff: @escaping (ScenarioResult) -> String) {
        self.results = results
        self.diff = diff
    }

    package func xml() -> String {
        let failures = results.count { $0.verdict == .failed }
        let errors = results.count { $0.verdict == .unresolved }
        let skipped = results.count { $0.verdict == .skipped || $0.verdict == .unsupported }
        let seconds = Self.seconds(results.reduce(0) { $0 + $1.seconds })
        let counts = "tests=\"\(results.count)\" failures=\"\(failures)\" errors=\"\(errors)\""
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        text += "<testsuites name=\"swantest\" time=\"\(seconds)\" \(counts)>\n"
        text += "  <testsuite name=\"scenarios\" time=\"\(seconds)\" \(counts) skipped=\"\(skipped)\""
        if let first = results.first, !first.startedAt.isEmpty {
            text += " timestamp=\"\(Self.escaped(first.startedAt))\""
        }
        text += ">\n"
        for result in results { text += testCase(result) }
        return text + "  </testsuite>\n</testsuites>\n"
    }

    private func testCase(_ result: ScenarioResult) -> String {
        let name = Self.escaped(result.title)
        let time = Self.seconds(result.seconds)
        let open = "    <testcase name=\"\(name)\" classname=\"swantest.\(Self.escaped(result.name))\" time=\"\(time)\""
        let reason = Self.escaped(result.reason)
        let body = Self.escaped(([result.reason] + result.findings.map(\.line)).joined(separator: "\n"))
        switch result.verdict {
        case .passed: return open + "/>\n"
        case .failed:
            let details = Self.escaped(diff(result))
            return open + ">\n      <failure type=\"failed\" message=\"\(reason)\">\(body)\n\(details)</failure>\n"
                + "    </testcase>\n"
        case .unresolved:
            return open + ">\n      <error type=\"unresolved\" message=\"\(reason)\">\(body)</error>\n    </testcase>\n"
        case .unsupported, .skipped:
            return open + ">\n      <skipped type=\"\(result.verdict.rawValue)\" message=\"\(reason)\"/>\n"
                + "    </testcase>\n"
        }
    }

    private static func seconds(_ value: Double) -> String {
        let milliseconds = Int((value * 1000).rounded())
        let fraction = String(milliseconds % 1000)
        return "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }

    /// Text as XML 1.0 allows it in attributes and elements: the five entities, and U+FFFD for what it forbids
    /// altogether (most control characters), so that a console with odd octets still makes a document.
    static func escaped(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&apos;"
            case "\t", "\n", "\r": result.unicodeScalars.append(scalar)
            case "\u{0}"..<"\u{20}", "\u{fffe}", "\u{ffff}": result += "\u{fffd}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension Finding {
    /// `place: text (kind)`, as reports print it.
    package var line: String { "\(place): \(text) (\(kind.rawValue))" }
}
