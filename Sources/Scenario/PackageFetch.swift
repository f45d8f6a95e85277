import LinuxSystem

/// Unpacks a Debian package, and what it needs of others that are not installed, into a tree, installing nothing: apt-get names
/// and downloads them, dpkg-deb unpacks. Any user may.
package struct PackageFetch {
    /// What went wrong: the command, and its own words.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package let package: String
    /// Packages of this machine that it conflicts with; apt-get counts as if they were removed.
    package let conflicts: [String]

    /// libreswan's and strongSwan's daemons cannot be installed together.
    package static let libreswan = PackageFetch(
        package: "libreswan",
        conflicts: ["strongswan-charon", "strongswan-libcharon", "strongswan-starter", "charon-systemd"])

    /// - Parameters:
    ///   - tree: replaced as a whole, once all is there.
    ///   - progress: told which package comes next.
    package func run(into tree: String, progress: (String) -> Void) throws {
        let staging = tree + ".new"
        try FileSystem.removeTree(staging)
        try FileSystem.makeDirectories(staging)
        let packages = try needed()
        for (index, name) in packages.enumerated() {
            progress("\(index + 1) of \(packages.count): \(name)")
            let folder = "\(staging)/\(index).package"
            try FileSystem.makeDirectory(folder)
            // Into the working folder, which is all that apt-get offers.
            _ = try ask(["sh", "-c", "cd \"$1\" && exec apt-get download -q \"$2\"", "sh", folder, name])
            guard let file = try FileSystem.list(folder).first(where: { $0.hasSuffix(".deb") }) else {
                throw Failure(description: "apt-get download \(name) left no package behind")
            }
            _ = try ask(["dpkg-deb", "--extract", "\(folder)/\(file)", staging])
            try FileSystem.removeTree(folder)
        }
        try FileSystem.removeTree(tree)
        try FileSystem.rename(staging, to: tree)
    }

    /// The package and what is missing of what it depends on.
    private func needed() throws -> [String] {
        let arguments =
            ["apt-get", "install", "--simulate", "--reinstall", "--no-install-recommends", package]
            + conflicts.map { $0 + "-" }
        let names = try ask(arguments).split(separator: "\n").compactMap { line -> String? in
            let words = line.split(separator: " ")
            return words.first == "Inst" && words.count > 1 ? String(words[1]) : nil
        }
        guard names.contains(package) else {
            throw Failure(description: "apt-get knows no way to install \(package): apt-get update (as root) may help")
        }
        return names
    }

    private func ask(_ arguments: [String]) throws -> String {
        let answer = try LocalCommand(arguments, environment: ["LC_ALL": "C"]).run(timeout: .seconds(120))
        guard answer.status == .exited(0) else {
            let words =
                arguments.first == "sh" ? "apt-get download \(arguments.last!)" : arguments.joined(separator: " ")
            throw Failure(description: "\(words): \(answer.error.isEmpty ? "no answer in 120 s" : answer.error)")
        }
        return answer.output
    }
}
