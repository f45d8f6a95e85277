import Glibc

/// The files directly in a scenario's folder.
struct FolderFiles {
    /// Without a slash at its end.
    let path: String
    /// Sorted by their octets, as `LC_ALL=C ls` does; hidden ones and folders left out.
    let names: [String]

    init(path: String) throws(ScenarioError) {
        var path = path[...]
        while path.count > 1, path.hasSuffix("/") { path = path.dropLast() }
        self.path = String(path)
        names = try FolderFiles.entries(self.path, folders: false)
    }

    func path(of name: String) -> String { "\(path)/\(name)" }

    func contains(_ name: String) -> Bool { names.contains(name) }

    /// The whole text of a file. - Throws: where it cannot be read or is not UTF-8.
    func text(of name: String) throws(ScenarioError) -> String {
        let path = path(of: name)
        guard let file = fopen(path, "re") else { throw FolderFiles.failure(path, "be read") }
        defer { fclose(file) }
        var octets: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            octets += buffer[..<count]
            if count < buffer.count { break }
        }
        guard ferror(file) == 0 else { throw FolderFiles.failure(path, "be read") }
        guard let text = String(validating: octets, as: UTF8.self) else {
            throw ScenarioError(file: path, "is not UTF-8", remedy: "save it as UTF-8")
        }
        return text
    }

    /// The names in a folder that are folders (or links to some), or that are not.
    static func entries(_ path: String, folders: Bool) throws(ScenarioError) -> [String] {
        guard let directory = opendir(path) else { throw failure(path, "be listed") }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(".") { continue }
            var type = entry.pointee.d_type
            if type == UInt8(DT_LNK) || type == UInt8(DT_UNKNOWN) {
                var status = stat()
                guard stat("\(path)/\(name)", &status) == 0 else { continue }
                type = status.st_mode & S_IFMT == S_IFDIR ? UInt8(DT_DIR) : UInt8(DT_REG)
            }
            if (type == UInt8(DT_DIR)) == folders { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func failure(_ path: String, _ verb: String) -> ScenarioError {
        ScenarioError(
            file: path, "cannot \(verb): \(String(cString: strerror(errno)))",
            remedy: "check that it exists and that you may read it")
    }
}
