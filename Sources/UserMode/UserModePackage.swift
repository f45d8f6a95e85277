import LinuxSystem

/// Debian's package user-mode-linux: a Linux that is a program, and its modules.
package struct UserModePackage: Sendable {
    package static let installCommand = "apt-get install --no-install-recommends user-mode-linux"

    /// The kernel.
    package let program: String
    /// The folder of the modules, with modules.dep in it: `/usr/lib/uml/modules/6.1.176`.
    package let modules: String

    /// The kernel's release, which is the folder's name.
    package var release: String { String(modules.split(separator: "/").last ?? "") }

    /// - Returns: nil where it is not installed, or not wholly.
    package static func find(
        program: String = "/usr/bin/linux.uml", modules: String = "/usr/lib/uml/modules"
    ) -> UserModePackage? {
        guard FileSystem.isExecutable(program) else { return nil }
        let releases = (try? FileSystem.list(modules)) ?? []
        guard let release = releases.last(where: { FileSystem.exists("\(modules)/\($0)/modules.dep") }) else {
            return nil
        }
        return UserModePackage(program: program, modules: "\(modules)/\(release)")
    }
}
