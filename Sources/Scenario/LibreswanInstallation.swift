import LinuxSystem

/// A libreswan of this machine: installed, or a tree of packages that were unpacked (`swantest fetch libreswan`) or of
/// a build of the user's own (`make install PREFIX=/usr DESTDIR=TREE`), whose `usr` is laid over a host's.
package struct LibreswanInstallation: Sendable, Equatable {
    /// The tree, absolute; nil where libreswan is installed on this machine.
    package let tree: String?

    /// - Parameter tree: `prefix:` of the scenario; nil: what is installed, else what was fetched.
    package init(tree: String? = nil) {
        self.tree = tree ?? (FileSystem.exists(Self.pluto) ? nil : Self.fetched)
    }

    /// The client; `--version` needs no daemon.
    package var whack: String { (tree ?? "") + "/usr/libexec/ipsec/whack" }

    private static let pluto = "/usr/libexec/ipsec/pluto"
    private static let needed = [pluto, "/usr/libexec/ipsec/whack", "/usr/libexec/ipsec/addconn", "/usr/sbin/ipsec"]

    /// Where `swantest fetch libreswan` puts its packages.
    package static var fetched: String { FetchedPackages.folder + "/libreswan" }

    /// Why it cannot be run, with the remedy; nil where it can.
    package var refusal: String? {
        let missing = Self.needed.filter { !FileSystem.exists((tree ?? "") + $0) }
        if missing.isEmpty { return nil }
        if tree == Self.fetched { return "libreswan is not installed: swantest fetch libreswan" }
        return
            "no \(missing.joined(separator: ", ")) below \(tree ?? "/"): install that build with make install PREFIX=/usr DESTDIR="
            + (tree ?? "/")
    }
}
