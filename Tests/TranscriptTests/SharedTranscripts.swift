import Foundation

/// The 94 libreswan transcripts beside the project, where they are: they are read from there and never copied.
enum SharedTranscripts {
    /// The folder that holds both the project and `shared`, as seen from this file (a work tree or the main tree).
    static let folder: URL? = {
        var url = URL(filePath: #filePath)
        while url.path != "/" {
            url.deleteLastPathComponent()
            let shared = url.appending(path: "shared/reference/libreswan-transcripts")
            if FileManager.default.fileExists(atPath: shared.path) { return shared }
        }
        return nil
    }()

    static var isPresent: Bool { folder != nil }

    static let seed: URL? = folder?.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "seeds/libreswan-resume-rollover-west.console.txt")

    struct Console {
        let test: String
        let host: String
        let text: String
    }

    static func consoles() throws -> [Console] {
        guard let folder else { return [] }
        var consoles: [Console] = []
        for test in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
            let path = folder.appending(path: test).path
            let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            for file in files.sorted() where file.hasSuffix(".console.txt") {
                let text = try String(contentsOfFile: path + "/" + file, encoding: .utf8)
                consoles.append(Console(test: test, host: String(file.dropLast(".console.txt".count)), text: text))
            }
        }
        return consoles
    }
}
