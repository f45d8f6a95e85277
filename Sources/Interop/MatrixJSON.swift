import Foundation

/// The whole matrix, as it is written to interop.json.
package struct MatrixReport: Codable, Sendable {
    package var peer: String
    /// What the peer says that it is.
    package var version: String
    package var cells: [CellReport]

    package init(peer: String, version: String, cells: [CellReport]) {
        self.peer = peer
        self.version = version
        self.cells = cells
    }

    /// With a newline at its end.
    package var json: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Strings, truths and finite numbers: nothing of it can fail to encode.
        do { return Array(try encoder.encode(self)) + [0x0a] } catch { preconditionFailure("matrix: \(error)") }
    }

    /// - Throws: `DecodingError` with what was expected and found.
    package init(json: [UInt8]) throws { self = try JSONDecoder().decode(Self.self, from: Data(json)) }

    package func count(_ verdict: CellVerdict) -> Int { cells.count { $0.verdict == verdict } }

    /// `104 green, 1 red, 6 unsupported of 111 cells in 58 cases`.
    package var summary: String {
        "\(count(.green)) green, \(count(.red)) red, \(count(.unsupported)) unsupported of \(cells.count) cells "
            + "in \(Set(cells.map(\.test)).count) cases"
    }
}
