import Glibc

/// Packages of other daemons that are unpacked and not installed, because they cannot be beside strongSwan's.
package enum FetchedPackages {
    /// Names the folder, before all else.
    package static let variable = "SWANTEST_CACHE"

    /// The folder of this user's for such things.
    package static var folder: String {
        value(variable) ?? value("XDG_CACHE_HOME").map { $0 + "/swantest" }
            ?? value("HOME").map { $0 + "/.cache/swantest" } ?? "/var/cache/swantest"
    }

    /// nil for what is no absolute path: a guest's processes work elsewhere.
    private static func value(_ name: String) -> String? {
        getenv(name).flatMap { $0.pointee == CChar(bitPattern: UInt8(ascii: "/")) ? String(cString: $0) : nil }
    }
}
