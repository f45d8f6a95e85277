import LinuxSystem

/// Where the programs and the data of this project are on this machine.
package struct Installation: Sendable {
    /// The folder of scenario folders and of `topologies/`.
    package let testing: String
    /// The scripts that a scenario finds at ../../guestbin.
    package let guestbin: String
    /// The daemon, an executable file; nil where it was not built.
    package let swand: String?
    /// The small program beside it for commands that a running daemon answers; nil: `swand` does them too.
    package var client: String? {
        swand.map { FileSystem.parent(of: $0) + "/swand-client" }.flatMap { FileSystem.isExecutable($0) ? $0 : nil }
    }

    package init(testing: String, guestbin: String, swand: String?) {
        self.testing = testing
        self.guestbin = guestbin
        self.swand = swand
    }

    /// The Mobile IPv6 daemon, which stands beside swand; nil where it was not built.
    package var mip6d: String? {
        swand.map { FileSystem.parent(of: $0) + "/mip6d" }.flatMap { FileSystem.isExecutable($0) ? $0 : nil }
    }

    /// The folder of topology files.
    package var topologies: String { testing + "/topologies" }

    /// What could not be found, and what mends it.
    package struct NotFound: Error, CustomStringConvertible {
        package let description: String
    }

    /// Looks around this program's own file: in a build, `testing/` and `guestbin/` stand beside the Package.swift
    /// above it and `swand` beside itself; installed as PREFIX/bin/swantest, they are PREFIX/share/swantest/… and
    /// PREFIX/libexec/swantest/swand.
    /// - Parameter testing: `--testing DIR`, which goes before both; its `guestbin` is looked for beside it first.
    package static func find(testing given: String? = nil) throws -> Installation {
        let program = try FileSystem.resolve("/proc/self/exe")
        return try find(program: program, testing: given)
    }

    package static func find(program: String, testing given: String?) throws -> Installation {
        let folder = FileSystem.parent(of: program)
        let prefix = FileSystem.parent(of: folder)
        var data: [String] = []
        var above = folder
        while above != "/" {
            if FileSystem.exists(above + "/Package.swift") { data.append(above) }
            above = FileSystem.parent(of: above)
        }
        data.append(prefix + "/share/swantest")
        var testing = data.map { $0 + "/testing" }.first(where: FileSystem.isDirectory)
        if let given {
            guard FileSystem.isDirectory(given), let path = try? FileSystem.resolve(given) else {
                throw NotFound(description: "--testing \(given): no such folder")
            }
            testing = path
            data.insert(FileSystem.parent(of: path), at: 0)
        }
        guard let testing, let guestbin = data.map({ $0 + "/guestbin" }).first(where: FileSystem.isDirectory) else {
            throw NotFound(
                description: "no testing/ with guestbin/ beside it: looked in \(data.joined(separator: ", ")); "
                    + "name the folder of scenarios with --testing DIR")
        }
        let swand = [folder + "/swand", prefix + "/libexec/swantest/swand"].first(where: FileSystem.isExecutable)
        return Installation(testing: testing, guestbin: guestbin, swand: swand)
    }
}
