import IKEWire
import LinuxSystem
import Scenario

/// The matrix as one page that needs nothing but itself; only the captures are files beside it.
package struct MatrixPage {
    private let matrix: MatrixReport
    private let folder: String

    /// - Parameter folder: where the cells' folders are, and the page will be.
    package init(_ matrix: MatrixReport, folder: String) {
        self.matrix = matrix
        self.folder = folder
    }

    package var html: String {
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><title>swand and \(escape(matrix.version))</title>
        <style>\(Self.style)</style></head><body>
        <h1>swand and \(escape(matrix.version))</h1>
        <p>\(escape(matrix.summary))</p>
        <table><tr><th>case</th><th>swand initiates</th><th>\(escape(matrix.peer)) initiates</th><th></th></tr>
        \(rows)
        </table>
        \(matrix.cells.map(section).joined(separator: "\n"))
        </body></html>

        """
    }

    private static let style = """
        body{font:14px sans-serif;margin:1em 2em;color:#222}table{border-collapse:collapse}
        td,th{padding:2px 10px;text-align:left;border-bottom:1px solid #ddd;vertical-align:top}
        .green{background:#d4f4d4}.red{background:#f8c8c8}.unsupported{background:#f4ecc4}
        pre{font:12px monospace;background:#f6f6f6;padding:6px;margin:2px 0;overflow:auto;max-height:36em;flex:1;min-width:0}
        .side{display:flex;gap:8px}.side>div{flex:1;min-width:0}summary{cursor:pointer}
        ins{background:#c8f0c8;text-decoration:none}del{background:#f4c8c8}
        details{border:1px solid #ccc;margin:4px 0;padding:4px 8px}
        """

    private var rows: String {
        var names: [String] = []
        for cell in matrix.cells where names.last != cell.test { names.append(cell.test) }
        return names.map { name in
            let cells = matrix.cells.filter { $0.test == name }
            func box(_ side: InteropSide) -> String {
                guard let cell = cells.first(where: { $0.initiator == side }) else { return "<td></td>" }
                let title = escape(cell.reason)
                return "<td class=\"\(cell.verdict.rawValue)\" title=\"\(title)\"><a href=\"#\(cell.name)\">"
                    + "\(cell.verdict.rawValue)</a></td>"
            }
            let about = cells.first?.about ?? ""
            return "<tr><td>\(escape(name))</td>\(box(.swand))\(box(.peer))<td>\(escape(about))</td></tr>"
        }.joined(separator: "\n")
    }

    // MARK: One cell

    private func section(_ cell: CellReport) -> String {
        let place = "\(folder)/\(cell.folder)"
        let checks = cell.checks.map {
            "<tr><td class=\"\($0.isGood ? "green" : "red")\">\(escape($0.name))</td><td>\(escape($0.text))</td></tr>"
        }.joined()
        var body = "<table>\(checks)</table>"
        if !cell.reason.isEmpty { body += "<p>\(escape(cell.reason))</p>" }
        // Without checks it was not tried.
        if !cell.checks.isEmpty {
            body += part("Proposals", proposals(place))
            body += part("Consoles", sideBySide(texts(place, suffix: ".console.verbose.txt")))
            body += part(
                "Logs", sideBySide(texts(place, suffix: ".pluto.log") + texts(place, suffix: ".charon.log")))
            body += "<p>\(links(cell))</p>"
        }
        return "<details id=\"\(cell.name)\"><summary><span class=\"\(cell.verdict.rawValue)\">"
            + "\(cell.verdict.rawValue)</span> \(escape(cell.name))</summary>\(body)</details>"
    }

    private func part(_ title: String, _ body: String) -> String {
        body.isEmpty ? "" : "<details><summary>\(title)</summary>\(body)</details>"
    }

    private func texts(_ place: String, suffix: String) -> [(String, String)] {
        ((try? FileSystem.list(place)) ?? []).filter { $0.hasSuffix(suffix) }.sorted().map { name in
            // A log of a long cell is cut at its beginning; the file has all of it.
            let text = (try? FileSystem.readText("\(place)/\(name)")) ?? ""
            return (name, text.utf8.count > 60_000 ? "…\n" + String(text.suffix(60_000)) : text)
        }
    }

    private func sideBySide(_ texts: [(String, String)]) -> String {
        if texts.isEmpty { return "" }
        let columns = texts.map { "<div><b>\(escape($0.0))</b><pre>\(escape($0.1))</pre></div>" }
        return "<div class=\"side\">\(columns.joined())</div>"
    }

    private func links(_ cell: CellReport) -> String {
        let names = ((try? FileSystem.list("\(folder)/\(cell.folder)")) ?? []).filter { $0.hasSuffix(".pcapng") }
            .sorted()
        return names.map { "<a href=\"\(cell.folder)/\($0)\">\($0)</a>" }.joined(separator: " · ")
    }

    /// What the initiator offered beside what the responder made of it: on the link, or in its log where it refused.
    private func proposals(_ place: String) -> String {
        guard let result = try? ScenarioResult(json: FileSystem.read("\(place)/result.json")),
            var evidence = try? CellEvidence(result: result)
        else { return "" }
        evidence.result.output = place
        var rows = ""
        for kind in [ProtocolID.ike, .esp] {
            let offered = evidence.proposals(of: kind, isResponse: false)
            let chosen = evidence.proposals(of: kind, isResponse: true)
            guard let first = offered.first else { continue }
            let answer = chosen.first { _ in true }
            let kept = Set((answer?.proposals ?? []).flatMap(\.transforms).map { ProposalName.name($0) })
            let left = first.proposals.map { proposal in
                proposal.transforms.map { ProposalName.name($0) }.map {
                    kept.contains($0) ? "<ins>\(escape($0))</ins>" : "<del>\(escape($0))</del>"
                }.joined(separator: " ")
            }.joined(separator: "\n")
            let right =
                answer.map { $0.proposals.map { escape(ProposalName.name($0)) }.joined(separator: "\n") }
                ?? "nothing chosen"
            rows +=
                "<div class=\"side\"><div><b>offered: \(escape(first.title))</b><pre>\(left)</pre></div>"
                + "<div><b>\(escape(answer?.title ?? "no answer"))</b><pre>\(right)</pre></div></div>"
        }
        let words = (texts(place, suffix: ".charon.log") + texts(place, suffix: ".pluto.log")).map { name, text in
            (
                name,
                text.split(separator: "\n").filter { $0.contains("proposal") }.prefix(40).joined(separator: "\n")
            )
        }
        return rows + sideBySide(words)
    }

    private func escape(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }
}
