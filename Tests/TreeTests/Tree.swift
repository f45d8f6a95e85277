import Foundation

/// The project's own files, as they stand beside this one.
enum Tree {
    static let root: URL = {
        var folder = URL(fileURLWithPath: #filePath)
        // This file, TreeTests, Tests.
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        return folder
    }()

    /// What builds and runs leave, and what is not ours.
    private static let foreign: Set<String> = [".build", ".git", "OUTPUT", ".swiftpm", "Package.resolved"]

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: root.appendingPathComponent(path)), as: UTF8.self)
    }

    static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path).sorted()
    }

    /// Every file of the project, as a path from its root.
    static func files(below folder: String = "") throws -> [String] {
        var found: [String] = []
        for name in try names(in: folder) where !foreign.contains(name) {
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(
                atPath: root.appendingPathComponent(path).path, isDirectory: &isFolder)
            found += isFolder.boolValue ? try files(below: path) : [path]
        }
        return found
    }

    /// What people read.
    static func documents() throws -> [String] {
        ["README.md", "CONTRIBUTING.md"] + (try files(below: "docs").filter { $0.hasSuffix(".md") })
    }
}

/// The targets of Sources, and what their files import.
struct SourceTargets {
    /// By target: the modules that its files import, the project's and others.
    let imports: [String: Set<String>]
    let names: [String]

    init() throws {
        names = try Tree.names(in: "Sources")
        var imports: [String: Set<String>] = [:]
        let line = /^(?:@[\w()]+ +)*(?:public |package |internal |fileprivate |private )?import (?:\w+ )?(\w+)/
        for target in names {
            imports[target] = []
            for file in try Tree.files(below: "Sources/\(target)") where file.hasSuffix(".swift") {
                for match in try Tree.text(file).matches(of: line.anchorsMatchLineEndings()) {
                    imports[target]?.insert(String(match.1))
                }
            }
        }
        self.imports = imports
    }

    /// Those imports that are targets of this project.
    func own(_ target: String) -> Set<String> { (imports[target] ?? []).intersection(names) }

    /// A target and all that it is linked with.
    func closure(of target: String) -> Set<String> {
        var found: Set<String> = []
        var open = [target]
        while let next = open.popLast() {
            if found.insert(next).inserted { open += own(next) }
        }
        return found
    }
}
