import Foundation

@testable import Scenario

/// A scenario's folder made for one test and removed with it.
final class FolderFixture {
    let path: String

    init(_ files: [String: String], name: String = "some-scenario-01") throws {
        path = NSTemporaryDirectory() + "swantest-folder-\(UUID().uuidString)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (file, text) in files { try Data(text.utf8).write(to: URL(filePath: "\(path)/\(file)")) }
    }

    deinit { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }

    func load() throws(ScenarioError) -> ScenarioFolder { try ScenarioFolder.load(path) }

    static func write(_ text: String, to path: String) throws {
        let folder = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    static func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    /// The error that loading ends with.
    static func error(_ files: [String: String]) throws -> ScenarioError? {
        let fixture = try FolderFixture(files)
        do throws(ScenarioError) {
            _ = try fixture.load()
            return nil
        } catch {
            return error
        }
    }

    /// A folder beside the project or its work trees, such as `shared/reference/libreswan-transcripts`; nil where
    /// it is absent.
    static func beside(_ relative: String) -> String? {
        var url = URL(filePath: #filePath)
        while url.path != "/" {
            url.deleteLastPathComponent()
            let candidate = url.appending(path: relative).path
            if FileManager.default.fileExists(atPath: candidate) { return candidate }
        }
        return nil
    }
}
