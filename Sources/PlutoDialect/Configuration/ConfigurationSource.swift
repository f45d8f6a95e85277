package import DialectKit

/// Where configuration files come from: the daemon's view, a command's file system, a test's dictionary.
package struct ConfigurationSource {
    /// The whole file.
    package var readFile: FileReader
    /// Paths that match a pattern with `*` in its last part, sorted.
    package var glob: (String) -> [String]

    package init(readFile: @escaping FileReader, glob: @escaping (String) -> [String]) {
        self.readFile = readFile
        self.glob = glob
    }

    /// The files that an `include` in `file` names; a path without a leading slash is meant from that file's folder.
    func included(_ pattern: String, from file: String) -> [String] {
        var path = pattern
        if !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") { path = file[...slash] + path }
        return path.contains { "*?[".contains($0) } ? glob(path) : [path]
    }
}
